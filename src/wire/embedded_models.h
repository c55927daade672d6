// The model files that the build put into the program (cmake/models.cmake).
#pragma once

#include <span>
#include <string_view>

namespace clary::wire {

struct EmbeddedModel {
  std::string_view name;
  std::string_view json;
};

std::span<const EmbeddedModel> embedded_models();

}  // namespace clary::wire
