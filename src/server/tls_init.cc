#include "server/tls_init.h"

#include "server/tls_authority.h"
#include "server/tls_context.h"

namespace clary::server {
namespace {

void explain(const Settings& settings, const TlsAuthority& authority, const std::string& host,
             std::ostream& out) {
  const std::string url = "https://" + host + ":" + std::to_string(settings.port);
  const auto ca = std::filesystem::absolute(authority.certificate_file()).string();
  const auto bundle = std::filesystem::absolute(authority.bundle_file()).string();
  out << "\nClients trust it when they are told to trust the authority " << ca << "\n"
      << "(copy that file to them; never ca.key beside it):\n"
      << "  AWS CLI, boto3    export AWS_ENDPOINT_URL=" << url << "\n"
      << "                    export AWS_CA_BUNDLE=" << bundle << "\n"
      << "  curl              curl --cacert " << ca << " " << url << "/healthz\n"
      << "  Python requests   export REQUESTS_CA_BUNDLE=" << bundle << "\n"
      << "  Node.js           export NODE_EXTRA_CA_CERTS=" << ca << "\n"
      << "  Debian, Ubuntu    copy it to /usr/local/share/ca-certificates/clary.crt, then\n"
      << "                    update-ca-certificates\n"
      << "  Browsers          import it under Certificates, Authorities, for web sites\n"
      << "`eval \"$(clary env)\"` sets these variables on this machine.\n";
}

}  // namespace

void tls_init(const Settings& settings, const std::vector<std::string>& names, const Clock& clock,
              std::ostream& out) {
  std::filesystem::create_directories(settings.data_dir);
  std::filesystem::permissions(settings.data_dir, std::filesystem::perms::owner_all);
  TlsAuthority authority(settings.data_dir / "tls", clock);
  authority.write_server_file(names);
  const TlsContext made = load_tls_context(authority.server_file(), authority.server_file());
  const X509* certificate = SSL_CTX_get0_certificate(made.get());
  out << "certificate  " << authority.server_file().string() << "\n"
      << "names       ";
  for (const std::string& name : names_of(certificate)) out << ' ' << name;
  out << "\nuntil        " << iso8601(expiry_of(certificate))
      << ", made anew by the server 30 days before\n";
  if (!settings.tls_certificate.empty()) {
    out << "NOT USED     tls_certificate names another: " << settings.tls_certificate.string()
        << "\n";
  }
  explain(settings, authority, names.empty() ? "localhost" : names.front(), out);
}

void tls_show(const Settings& settings, const Clock& clock, std::ostream& out) {
  const TlsAuthority authority(settings.data_dir / "tls", clock);
  const bool given = !settings.tls_certificate.empty();
  const auto file = given ? settings.tls_certificate : authority.server_file();
  const auto key = given ? settings.tls_key : file;
  if (!given && !std::filesystem::exists(file)) {
    out << "Certificates are made on demand for localhost and AWS host names.\n"
        << "For other names: clary tls init --host NAME\n";
  } else {
    const TlsContext context = load_tls_context(file, key);
    const X509* certificate = SSL_CTX_get0_certificate(context.get());
    out << "certificate  " << file.string() << "\nnames       ";
    for (const std::string& name : names_of(certificate)) out << ' ' << name;
    out << "\nuntil        " << iso8601(expiry_of(certificate)) << '\n';
  }
  out << "authority    " << authority.certificate_file().string() << " until "
      << iso8601(authority.expires()) << '\n';
}

}  // namespace clary::server
