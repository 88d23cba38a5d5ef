# SPDX-License-Identifier: Apache-2.0
# One target for each folder: tg_module(NAME DEPENDS …) compiles the folder's *.cpp files into
# library tg_NAME. What may depend on what is written in docs/architecture.md and tested by
# style.layers.
function(tg_module name)
    cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    if(sources)
        add_library(tg_${name} STATIC ${sources})
        target_link_libraries(tg_${name} PUBLIC tg_abi ${ARG_DEPENDS} PRIVATE tg_warnings)
        target_include_directories(tg_${name} PUBLIC ${CMAKE_SOURCE_DIR})
    else()
        add_library(tg_${name} INTERFACE)
        target_link_libraries(tg_${name} INTERFACE tg_abi ${ARG_DEPENDS})
        target_include_directories(tg_${name} INTERFACE ${CMAKE_SOURCE_DIR})
    endif()
endfunction()

# tg_test(LABEL NAME SOURCES … DEPENDS …): a GoogleTest program; its CTest name is LABEL.NAME.
function(tg_test label name)
    cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPENDS;ARGS;ENVIRONMENT" ${ARGN})
    set(target test_${label}_${name})
    string(REPLACE "." "_" target ${target})
    add_executable(${target} ${ARG_SOURCES})
    target_link_libraries(${target} PRIVATE ${ARG_DEPENDS} GTest::gtest GTest::gmock
                                            GTest::gtest_main tg_warnings)
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME ${label}.${name} COMMAND ${target} ${ARG_ARGS})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    set_tests_properties(${label}.${name} PROPERTIES LABELS ${label} TIMEOUT ${ARG_TIMEOUT}
        SKIP_RETURN_CODE 77 ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()
