// What the instances of a job reach each other over: the machine's network, or one of their own.
// Shared by all kinds of jobs that have several instances.
#pragma once

#include "engine/job_spec.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

// Of Document::internal: what the instances of a job, and nobody else, know. Its programs find it
// in their environment (clary_runtime.remote), its agents make the keys of their connections of it.
inline constexpr std::string_view kGangSecret = "gang_secret";
inline constexpr const char* kGangSecretVariable = "CLARY_GANG_SECRET";

void keep_gang_secret(store::Document& job);

struct InstanceNetwork {
  bool encrypted = false;  // EnableInterContainerTrafficEncryption
  bool isolated = false;   // EnableNetworkIsolation
  bool outside = false;  // whether the program reaches anything but the other instances, otherwise
};
// `spec` knows its instance count.
void put_instance_network(const store::Document& job, const InstanceNetwork& network,
                          engine::JobSpec& spec);

}  // namespace clary::api::sagemaker
