// The interface of an emulated network in CMS's software, declared after what github.com/cms-hls4ml/hls4mlEmulatorExtras
// publishes (include/hls4ml/emulator.h). The order of the virtual functions is what a loaded library relies on.
// Used where the experiment's own header is not on the include path.

#ifndef HLS4ML_EMULATOR_H_
#define HLS4ML_EMULATOR_H_

#include <any>

namespace hls4mlEmulator {

class Model {
public:
    virtual void prepare_input(std::any input) = 0;
    virtual void predict() = 0;
    virtual void read_result(std::any result) = 0;
    virtual ~Model() = default;
};

}  // namespace hls4mlEmulator

#endif
