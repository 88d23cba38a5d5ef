# SPDX-License-Identifier: Apache-2.0
# One set of compiler warnings for everything that runs in userspace.
add_library(tg_warnings INTERFACE)
target_compile_options(tg_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror=return-type
    -Wno-missing-field-initializers
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual>)
option(TG_WERROR "Treat warnings as errors" OFF)
if(TG_WERROR)
    target_compile_options(tg_warnings INTERFACE -Werror)
endif()
option(TG_SANITIZE "Build everything in userspace with ASan and UBSan" OFF)
if(TG_SANITIZE)
    target_compile_options(tg_warnings INTERFACE
        -fsanitize=address,undefined -fno-omit-frame-pointer)
    target_link_options(tg_warnings INTERFACE -fsanitize=address,undefined)
endif()
