# Flags every target shares. One set for all, so that the precompiled header can be shared too.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  message(FATAL_ERROR "Clary is built with Clang 19 (or GCC 14 or newer)")
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wold-style-cast)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety -Wimplicit-fallthrough -Wno-gnu-line-marker)
  # Precompiled headers are cacheable only without their time stamp.
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  add_link_options(-fuse-ld=lld)
endif()

set(CLARY_SANITIZE "" CACHE STRING "address,undefined or thread")
if(CLARY_SANITIZE)
  add_compile_options(-fsanitize=${CLARY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CLARY_SANITIZE})
endif()
option(CLARY_FUZZ "Build the libFuzzer targets" OFF)
