#include "wire/model.h"

#include <mutex>
#include <stdexcept>

#include "wire/embedded_models.h"
#include "wire/pattern.h"

namespace clary::wire {

const Member* Shape::find_member(std::string_view member) const {
  const auto before = [this](std::uint16_t index, std::string_view wanted) {
    const std::string& other = members[index].name;
    return other.size() != wanted.size() ? other.size() < wanted.size() : other < wanted;
  };
  const auto found = std::lower_bound(by_name_.begin(), by_name_.end(), member, before);
  if (found == by_name_.end() || members[*found].name != member) return nullptr;
  return &members[*found];
}

ServiceModel::ServiceModel() = default;
ServiceModel::~ServiceModel() = default;

bool ServiceModel::speaks(Protocol protocol) const {
  return std::find(protocols_.begin(), protocols_.end(), protocol) != protocols_.end();
}

const Operation* ServiceModel::find_operation(std::string_view operation) const {
  const auto found = operations_by_name_.find(operation);
  return found == operations_by_name_.end() ? nullptr : found->second;
}

const Shape* ServiceModel::find_shape(std::string_view shape) const {
  const auto found = shapes_by_name_.find(shape);
  return found == shapes_by_name_.end() ? nullptr : found->second;
}

const Shape* ServiceModel::find_error(const Operation* operation, std::string_view code) const {
  if (operation != nullptr) {
    for (const Shape* error : operation->errors) {
      if (error->name == code || error->error_code == code) return error;
    }
  }
  const Shape* named = find_shape(code);
  if (named != nullptr && named->is_error) return named;
  for (const Shape& shape : shapes_) {
    if (shape.is_error && shape.error_code == code) return &shape;
  }
  return nullptr;
}

struct Models::Impl {
  struct Entry {
    std::string_view name, json;
    std::once_flag once;
    std::unique_ptr<const ServiceModel> model;
  };
  std::vector<std::unique_ptr<Entry>> entries;
};

Models::Models() : impl_(std::make_unique<Impl>()) {
  for (const EmbeddedModel& embedded : embedded_models()) {
    auto entry = std::make_unique<Impl::Entry>();
    entry->name = embedded.name;
    entry->json = embedded.json;
    impl_->entries.push_back(std::move(entry));
  }
}

Models::~Models() = default;

const ServiceModel* Models::find(std::string_view name) const {
  for (const auto& entry : impl_->entries) {
    if (entry->name != name) continue;
    std::call_once(entry->once,
                   [&] { entry->model = ServiceModel::parse(entry->name, entry->json); });
    return entry->model.get();
  }
  return nullptr;
}

const ServiceModel& Models::get(std::string_view name) const {
  const ServiceModel* model = find(name);
  if (model == nullptr) throw std::out_of_range("no service model " + std::string(name));
  return *model;
}

std::vector<std::string_view> Models::names() const {
  std::vector<std::string_view> names;
  for (const auto& entry : impl_->entries) names.push_back(entry->name);
  return names;
}

}  // namespace clary::wire
