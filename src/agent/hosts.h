// Who is who among instances that run together: the workload's /etc/hosts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/job_spec.h"
#include "http/client.h"

namespace clary::agent {

// FOLDER/hosts. Written again in place when it is there: a sandbox that has it bound sees the
// change.
std::filesystem::path write_hosts(const std::filesystem::path& folder, const JobSpec& spec,
                                  const std::vector<Peer>& peers);

// This machine's address as `server`, and so the other instances, reach it; "" when that cannot be
// told.
std::string own_address(const http::Address& server);

// The network interface of this machine that has the address; "" when none has.
std::string interface_of(const std::string& address);

// Puts the name of the network interface that leads to the other instances into
// resourceconfig.json, for programs that choose where they listen. Before the workload starts.
void name_interface(const JobSpec& spec, const std::filesystem::path& opt_ml,
                    const std::string& name);

}  // namespace clary::agent
