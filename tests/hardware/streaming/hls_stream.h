// A stream for csim that tells what is done with it: "R name" for each pack read, "W name" for each written.
#ifndef TRACED_STREAM_H
#define TRACED_STREAM_H
#include <cstdio>
#include <cstdlib>
#include <queue>
#include <string>

namespace hls {

template <class T> class stream {
    std::queue<T> packs;
    std::string name;

  public:
    stream() : name("unnamed") {}
    explicit stream(const std::string &given) : name(given) {}
    ~stream() { std::printf("L %s %zu\n", name.c_str(), packs.size()); }
    T read() {
        if (packs.empty()) {
            std::printf("E %s\n", name.c_str());
            std::exit(1);
        }
        T pack = packs.front();
        packs.pop();
        std::printf("R %s\n", name.c_str());
        return pack;
    }
    void write(const T &pack) {
        packs.push(pack);
        std::printf("W %s\n", name.c_str());
    }
    size_t size() const { return packs.size(); }
    bool empty() const { return packs.empty(); }
};

} // namespace hls
#endif
