# Adds to `target` what clary-algo says of its algorithms (src/api/sagemaker/builtin_algorithms.h).
# The program is asked rather than linked: the server holds no machine learning.
function(clary_embed_builtin_algorithms target)
  set(source ${CMAKE_BINARY_DIR}/models/embedded_builtin_algorithms.cc)
  set(tool ${CMAKE_SOURCE_DIR}/tools/build_builtin_algorithms.py)
  add_custom_command(OUTPUT ${source}
    COMMAND python3 ${tool} $<TARGET_FILE:clary-algo> ${source}
    DEPENDS ${tool} clary-algo
    COMMENT "Built-in algorithms" VERBATIM)
  target_sources(${target} PRIVATE ${source})
endfunction()
