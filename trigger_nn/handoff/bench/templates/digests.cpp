// Checks the files of a bundle against its list SHA256SUMS, with nothing but a C++ compiler.
//
// Usage: digests [FOLDER [FILES]]     of the bundle (without it, the current one), whose list names so many files
// Exit code: 0 every file is as the list says, 1 some are not (each is named), 2 the list is no such list.
//
// The list is as `sha256sum` writes it: 64 lower-case hexadecimal digits, two spaces, a path, a newline. It names every
// file of the bundle but itself. Folders called build hold what make leaves behind and are not looked at, nor are names
// that begin with a dot or end in ~, which editors and desktops leave.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <dirent.h>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <vector>

static const char *const LIST = "SHA256SUMS";
static const char *const MADE_LATER = "build";

// SHA-256: FIPS 180-4, sections 4.1.2, 4.2.2 (fractions of the cube roots of the first 64 primes), 5.1.1, 5.3.3, 6.2.

static const uint32_t ROUND_CONSTANTS[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static uint32_t rotate(uint32_t word, int bits) { return word >> bits | word << (32 - bits); }

struct Hash {
    uint32_t words[8];
    Hash() {
        static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
        std::copy(start, start + 8, words);
    }
};

// Section 6.2.2: one block of 64 bytes.
static void absorb(Hash &hash, const unsigned char *block) {
    uint32_t schedule[64];
    for (int t = 0; t < 16; t++)
        schedule[t] = uint32_t(block[4 * t]) << 24 | uint32_t(block[4 * t + 1]) << 16 | uint32_t(block[4 * t + 2]) << 8 |
                      uint32_t(block[4 * t + 3]);
    for (int t = 16; t < 64; t++) {
        const uint32_t early = schedule[t - 15], late = schedule[t - 2];
        schedule[t] = (rotate(late, 17) ^ rotate(late, 19) ^ late >> 10) + schedule[t - 7] +
                      (rotate(early, 7) ^ rotate(early, 18) ^ early >> 3) + schedule[t - 16];
    }
    uint32_t a = hash.words[0], b = hash.words[1], c = hash.words[2], d = hash.words[3];
    uint32_t e = hash.words[4], f = hash.words[5], g = hash.words[6], h = hash.words[7];
    for (int t = 0; t < 64; t++) {
        const uint32_t first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) +
                               ROUND_CONSTANTS[t] + schedule[t];
        const uint32_t second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + first;
        d = c, c = b, b = a, a = first + second;
    }
    const uint32_t more[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++)
        hash.words[i] += more[i];
}

// Section 5.1.1: a one, zeros, the length in bits; to whole blocks.
static std::string padded(std::string content) {
    const uint64_t bits = uint64_t(content.size()) * 8;
    content += char(0x80);
    while (content.size() % 64 != 56)
        content += char(0);
    for (int shift = 56; shift >= 0; shift -= 8)
        content += char(bits >> shift & 0xff);
    return content;
}

static std::string sha256(const std::string &content) {
    const std::string blocks = padded(content);
    Hash hash;
    for (size_t start = 0; start < blocks.size(); start += 64)
        absorb(hash, reinterpret_cast<const unsigned char *>(blocks.data()) + start);
    std::string text;
    for (int i = 0; i < 64; i++)
        text += "0123456789abcdef"[hash.words[i / 8] >> (28 - 4 * (i % 8)) & 15];
    return text;
}

// Files.

static bool read_file(const std::string &path, std::string &content) {
    std::ifstream file(path.c_str(), std::ios::binary);
    std::ostringstream text;
    if (file.peek() != std::ifstream::traits_type::eof())
        text << file.rdbuf();
    content = text.str();
    return file.is_open() && !file.bad();
}

// All that lies below `folder`: path from there, and whether it is a plain file.
static bool walk(const std::string &root, const std::string &folder, std::map<std::string, bool> &found) {
    DIR *const listing = opendir((root + "/" + folder).c_str());
    if (!listing)
        return false;
    std::vector<std::string> names;
    while (const dirent *entry = readdir(listing))
        names.push_back(entry->d_name);
    closedir(listing);
    bool readable = true;
    for (size_t i = 0; i < names.size(); i++) {
        struct stat status;
        const std::string path = folder + names[i];
        if (names[i][0] == '.' || names[i][names[i].size() - 1] == '~')
            continue;
        if (lstat((root + "/" + path).c_str(), &status) == 0 && S_ISDIR(status.st_mode))
            readable = (names[i] == MADE_LATER || walk(root, path + "/", found)) && readable;
        else
            found[path] = S_ISREG(status.st_mode);
    }
    return readable;
}

// The list.

static void stop(const std::string &sentence) {
    std::cerr << "MALFORMED: " << sentence << std::endl;
    std::exit(2);
}

static bool inside(const std::string &path) {
    const std::string steps = "/" + path + "/";
    return steps.find("//") == std::string::npos && steps.find("/../") == std::string::npos &&
           steps.find("/./") == std::string::npos && path.find('\\') == std::string::npos && path != LIST;
}

static std::map<std::string, std::string> parse(const std::string &text) {
    std::map<std::string, std::string> digests;
    if (text.empty() || text[text.size() - 1] != '\n')
        stop(std::string(LIST) + (text.empty() ? " is empty." : " ends within a line: it was cut."));
    std::istringstream lines(text);
    std::string line;
    for (unsigned number = 1; std::getline(lines, line); number++) {
        std::ostringstream where;
        where << LIST << ", line " << number << ": ";
        const bool digest = line.find_first_not_of("0123456789abcdef") == 64;
        if (!digest || line.size() < 67 || line.compare(64, 2, "  ") != 0)
            stop(where.str() + "not 64 hexadecimal digits, two spaces and a path.");
        const std::string path = line.substr(66);
        if (!inside(path))
            stop(where.str() + path + " is no path of a file in the bundle.");
        if (!digests.insert(std::make_pair(path, line.substr(0, 64))).second)
            stop(where.str() + path + " is named a second time.");
    }
    return digests;
}

// What is wrong, one sentence a file.
static std::vector<std::string> complaints(const std::string &root, const std::map<std::string, std::string> &digests) {
    std::vector<std::string> wrong;
    std::map<std::string, bool> found;
    if (!walk(root, "", found))
        wrong.push_back("UNREADABLE: a folder of the bundle");
    for (std::map<std::string, std::string>::const_iterator it = digests.begin(); it != digests.end(); ++it) {
        std::string content;
        if (!found.count(it->first))
            wrong.push_back("MISSING: " + it->first);
        else if (found[it->first] && !read_file(root + "/" + it->first, content))
            wrong.push_back("UNREADABLE: " + it->first);
        else if (found[it->first] && sha256(content) != it->second)
            wrong.push_back("ALTERED: " + it->first);
    }
    for (std::map<std::string, bool>::const_iterator it = found.begin(); it != found.end(); ++it) {
        if (!it->second)
            wrong.push_back("NOT A FILE: " + it->first);
        else if (!digests.count(it->first) && it->first != LIST)
            wrong.push_back("NOT LISTED: " + it->first);
    }
    return wrong;
}

int main(int argc, char **argv) {
    const std::string root = argc > 1 ? argv[1] : ".";
    std::string text;
    if (!read_file(root + "/" + LIST, text))
        stop(std::string(LIST) + " can't be read; run this in the bundle's folder.");
    const std::map<std::string, std::string> digests = parse(text);
    if (argc > 2 && digests.size() != size_t(std::atol(argv[2]))) {
        std::ostringstream count;
        count << LIST << " names " << digests.size() << " files, the bundle has " << argv[2] << ": it was altered.";
        stop(count.str());
    }
    const std::vector<std::string> wrong = complaints(root, digests);
    bool more = true; // nothing is wrong but that there are more files
    for (size_t i = 0; i < wrong.size(); i++)
        more = more && wrong[i].compare(0, 10, "NOT LISTED") == 0;
    for (size_t i = 0; i < wrong.size(); i++)
        std::cerr << wrong[i] << std::endl;
    if (!wrong.empty()) {
        std::cerr << "FAILED: " << wrong.size() << " of the bundle's files are not as " << LIST
                  << " says; " << (more ? "move the files that are not listed elsewhere." : "unpack the bundle anew.") << std::endl;
        return 1;
    }
    std::cout << "PASSED: " << digests.size() << " files are as " << LIST << " says. Digest of the bundle: " << sha256(text)
              << std::endl;
    return 0;
}
