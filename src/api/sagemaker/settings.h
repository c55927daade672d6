// Settings kinds beyond the generic engine.
#pragma once

#include "api/sagemaker/resources.h"

namespace clary::api::sagemaker {

// threads: any. blocks: on the store.
class Settings {
 public:
  explicit Settings(Resources& resources) : resources_(resources) {}
  // Describe shows the template's digest, never the template itself.
  json::object create_human_task_ui(const json::object& input, Call& call);

 private:
  Resources& resources_;
};

}  // namespace clary::api::sagemaker
