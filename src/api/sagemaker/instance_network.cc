#include "api/sagemaker/instance_network.h"

#include "base/random.h"

namespace clary::api::sagemaker {

void keep_gang_secret(store::Document& job) {
  job.internal[kGangSecret] = random_hex(32);
}

void put_instance_network(const store::Document& job, const InstanceNetwork& network,
                          engine::JobSpec& spec) {
  spec.network = network.outside && !network.isolated;
  if (spec.instance_count == 1) return;
  spec.environment[kGangSecretVariable] = string_or(job.internal, kGangSecret);
  if (!network.encrypted && !network.isolated) {
    // They find each other over the machine's network, whatever the program needs alone.
    spec.network = true;
    return;
  }
  spec.private_traffic = true;
}

}  // namespace clary::api::sagemaker
