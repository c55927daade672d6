# What EC2 promises for each instance type: the answer of its DescribeInstanceTypes, as moto ships it.
# Only that file is used.
clary_fetch_package(moto 5.2.5
  eef62cdcf3bfe73e0863743511ba042dfaba04ba3d5ecdcb896a196c693ad528)

# Adds to `target` the table of instance types (src/api/sagemaker/instance_types.h).
function(clary_embed_instance_types target)
  set(source ${CMAKE_BINARY_DIR}/models/embedded_instance_types.cc)
  set(tool ${CMAKE_SOURCE_DIR}/tools/build_instance_types.py)
  set(prices ${CMAKE_SOURCE_DIR}/src/api/sagemaker/instance_prices.csv)
  add_custom_command(OUTPUT ${source}
    COMMAND python3 ${tool} ${botocore_DIR}/botocore/data
            ${moto_DIR}/moto/ec2/resources/instance_types.json.gz ${prices} ${source}
    DEPENDS ${tool} ${prices} ${botocore_DIR}/.fetched ${moto_DIR}/.fetched
    COMMENT "Instance types" VERBATIM)
  target_sources(${target} PRIVATE ${source})
endfunction()
