# What is linked, and why, stands in docs/decisions/dependencies.md.
set(Boost_USE_STATIC_LIBS ON)
set(OPENSSL_USE_STATIC_LIBS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL 3 REQUIRED)
find_package(Threads REQUIRED)
find_package(spdlog REQUIRED)
find_package(GTest REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_path(PUGIXML_INCLUDE pugixml.hpp REQUIRED)
find_library(PUGIXML_ARCHIVE libpugixml.a REQUIRED)
find_library(Z_ARCHIVE libz.a REQUIRED)
find_library(SQLITE_LIBRARY libsqlite3.a REQUIRED)
find_library(PCRE2_LIBRARY libpcre2-8.a REQUIRED)
find_library(SECCOMP_LIBRARY libseccomp.a REQUIRED)
find_library(DEFLATE_LIBRARY libdeflate.a REQUIRED)
find_library(ARGON2_LIBRARY libargon2.a REQUIRED)

# Of the packages spdlog and fmt only the headers, and the definitions that go with their shared
# libraries: the libraries themselves are made here, see there.
set(logging_definitions SPDLOG_COMPILED_LIB SPDLOG_SHARED_LIB SPDLOG_FMT_EXTERNAL FMT_SHARED)
add_library(clary_spdlog STATIC ${CMAKE_SOURCE_DIR}/cmake/spdlog.cc)
target_compile_definitions(clary_spdlog PRIVATE ${logging_definitions} spdlog_EXPORTS FMT_EXPORT)
target_compile_options(clary_spdlog PRIVATE -w)  # not our code
target_link_libraries(clary_spdlog PUBLIC Threads::Threads)

add_library(clary_third_party INTERFACE)
target_compile_definitions(clary_third_party INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_COROUTINE ${logging_definitions} PCRE2_CODE_UNIT_WIDTH=8)
target_include_directories(clary_third_party SYSTEM INTERFACE ${PUGIXML_INCLUDE})
target_link_libraries(clary_third_party INTERFACE
  Boost::headers Boost::json Boost::url OpenSSL::SSL OpenSSL::Crypto Threads::Threads
  clary_spdlog ${SQLITE_LIBRARY} ${PCRE2_LIBRARY} ${DEFLATE_LIBRARY} ${PUGIXML_ARCHIVE}
  ${ARGON2_LIBRARY} ${SECCOMP_LIBRARY} ${Z_ARCHIVE} ${CMAKE_DL_LIBS})
