#include "api/sagemaker/settings.h"

#include "wire/sigv4.h"

namespace clary::api::sagemaker {

json::object Settings::create_human_task_ui(const json::object& input, Call& call) {
  return resources_.create(kind_named("human-task-ui"), input, call, [](store::Document& ui) {
    const json::value* content = at_path(ui.body, "UiTemplate.Content");
    const std::string text(content == nullptr ? "" : content->as_string());
    ui.internal["template"] = text;
    ui.body["UiTemplate"] = {{"ContentSha256", wire::sha256_hex(text)}};
  });
}

}  // namespace clary::api::sagemaker
