// What `clary env` prints: the variables that bring an AWS client's calls to a server.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace clary::cli {

// Reads DIR/client.json, which the server writes. Throws std::runtime_error that says how to start
// a server when there is none.
//
// AWS_ENDPOINT_URL is enough for boto3 and the AWS CLI. The SageMaker SDKs also call
// https://sts.REGION.amazonaws.com and a telemetry host past every setting: HTTPS_PROXY brings
// those to the server, whose CONNECT takes AWS host names only, and the CA variables make its
// certificate good.
std::vector<std::pair<std::string, std::string>> client_environment(
    const std::filesystem::path& data_dir);

// One `export NAME='value'` a line, safe for any POSIX shell.
std::string shell_exports(const std::vector<std::pair<std::string, std::string>>& variables);

}  // namespace clary::cli
