// Lists of what nobody can make here, so that they are empty: tools ask for them before they delete
// a user.
#include "api/iam/operations.h"

namespace clary::api::iam {
namespace {

json::object none(std::string_view list) {
  return {{list, json::array()}, {"IsTruncated", false}};
}

// Of a user, who must be there when the input names one.
json::object none_of_user(const IamStores& stores, const json::object& input, const Call& call,
                          std::string_view list) {
  if (find_string(input, "UserName")) user_or_throw(stores, input, call);
  return none(list);
}

}  // namespace

json::object list_mfa_devices(const IamStores& stores, const json::object& input, Call& call) {
  return none_of_user(stores, input, call, "MFADevices");
}
json::object list_virtual_mfa_devices(const IamStores&, const json::object&, Call&) {
  return none("VirtualMFADevices");
}
json::object list_signing_certificates(const IamStores& stores, const json::object& input,
                                       Call& call) {
  return none_of_user(stores, input, call, "Certificates");
}
json::object list_ssh_public_keys(const IamStores& stores, const json::object& input, Call& call) {
  return none_of_user(stores, input, call, "SSHPublicKeys");
}
json::object list_service_specific_credentials(const IamStores& stores, const json::object& input,
                                               Call& call) {
  return none_of_user(stores, input, call, "ServiceSpecificCredentials");
}
json::object list_server_certificates(const IamStores&, const json::object&, Call&) {
  return none("ServerCertificateMetadataList");
}
json::object list_saml_providers(const IamStores&, const json::object&, Call&) {
  return {{"SAMLProviderList", json::array()}};
}

}  // namespace clary::api::iam
