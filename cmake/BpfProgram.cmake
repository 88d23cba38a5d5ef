# SPDX-License-Identifier: Apache-2.0
# tg_bpf_program(NAME): NAME.bpf.c → NAME.bpf.o → NAME.skel.h, offered by target tg_bpf_NAME.
find_program(BPF_CLANG NAMES clang-19 clang-16 clang-14 REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)
execute_process(COMMAND ${CMAKE_C_COMPILER} -dumpmachine OUTPUT_VARIABLE TG_MACHINE
                OUTPUT_STRIP_TRAILING_WHITESPACE)

set(TG_BPF_FLAGS -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter
    -Wno-missing-field-initializers
    -I${CMAKE_SOURCE_DIR}/include -I${CMAKE_SOURCE_DIR}/bpf -I/usr/include/${TG_MACHINE})

function(tg_bpf_program name)
    set(source ${CMAKE_CURRENT_SOURCE_DIR}/${name}.bpf.c)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
    set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/include/bpf/${name}.skel.h)
    add_custom_command(OUTPUT ${object}
        COMMAND ${BPF_CLANG} ${TG_BPF_FLAGS} -MD -MF ${object}.d -MT ${object}
                -c ${source} -o ${object}
        DEPENDS ${source} DEPFILE ${object}.d VERBATIM
        COMMENT "BPF object ${name}.bpf.o")
    add_custom_command(OUTPUT ${skeleton}
        COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/include/bpf
        COMMAND ${BPFTOOL} gen skeleton ${object} name ${name}_bpf > ${skeleton}
        DEPENDS ${object} VERBATIM COMMENT "Skeleton ${name}.skel.h")
    add_custom_target(tg_bpf_${name}_files DEPENDS ${skeleton} ${object})
    add_library(tg_bpf_${name} INTERFACE)
    add_dependencies(tg_bpf_${name} tg_bpf_${name}_files)
    target_include_directories(tg_bpf_${name} SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR}/include)
    target_link_libraries(tg_bpf_${name} INTERFACE tg_abi bpf)
endfunction()
