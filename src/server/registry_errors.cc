#include "server/registry_errors.h"

#include "base/body.h"
#include "base/errors.h"
#include "base/json.h"
#include "base/log.h"
#include "base/worker_pool.h"
#include "wire/api_error.h"

namespace clary::server {

RegistryError registry_error_of(std::exception_ptr thrown, std::string_view request_id) {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const RegistryError& error) {
    return error;
  } catch (const wire::ApiError& error) {
    const bool busy = error.status() == 503;
    return {busy ? 503U : 403U, busy ? "TOOMANYREQUESTS" : "DENIED", error.what()};
  } catch (const Overloaded&) {
    return {503, "TOOMANYREQUESTS", "the server is busy; try again shortly"};
  } catch (const BodyError& error) {
    return {400, "SIZE_INVALID", error.what()};
  } catch (const StorageError& error) {
    spdlog::error("{}: {}", request_id, error.what());
    if (error.full()) return {507, "UNKNOWN", "the disk of the server's data folder is full"};
  } catch (const std::exception& error) {
    spdlog::error("{}: {}", request_id, error.what());
  }
  return {500, "UNKNOWN", "internal error; the server's log has it under this request's id"};
}

std::string error_body(const RegistryError& error) {
  return json::serialize(json::object{
      {"errors", json::array{json::object{
                     {"code", error.code}, {"message", error.message}, {"detail", nullptr}}}}});
}

}  // namespace clary::server
