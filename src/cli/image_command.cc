#include "cli/image_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iomanip>
#include <iostream>

#include "cli/owner_client.h"
#include "cli/setting_flags.h"
#include "containers/runtime.h"

namespace clary::cli {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string_view> kFlags{"data_dir", "account_id", "root_key_file",
                                           "root_key_command", "container_socket"};

json::object run_command(const Settings& settings, const OwnerOffline& offline,
                         const json::object& command) {
  if (auto answer = send_owner_command(settings.data_dir, command)) return *std::move(answer);
  return offline(settings, command);
}

fs::path socket_of(const Settings& settings) {
  const auto socket = containers::find_socket(settings.container_socket);
  if (!socket) throw std::runtime_error(containers::kNoRuntime);
  return *socket;
}

void load(const Settings& settings, const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status = {};
  if (file < 0 || ::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    if (file >= 0) ::close(file);
    throw std::runtime_error("cannot read " + path);
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  std::string loaded;
  try {
    loaded = containers::Runtime(socket_of(settings)).load(size, [file](std::span<char> piece) {
      const ssize_t got = ::read(file, piece.data(), piece.size());
      return got < 0 ? std::size_t{0} : static_cast<std::size_t>(got);
    });
  } catch (...) {
    ::close(file);
    throw;
  }
  ::close(file);
  std::cout << loaded << '\n';
}

void list_images(const Settings& settings) {
  constexpr std::uint64_t kMiB = 1 << 20;
  const auto socket = containers::find_socket(settings.container_socket);
  if (!socket) {
    std::cout << "No images: " << containers::kNoRuntime << ".\n";
    return;
  }
  std::cout << "Images of the container runtime at " << socket->string() << ":\n";
  for (const containers::ImageInfo& image : containers::Runtime(*socket).images()) {
    for (const std::string& tag : image.tags) {
      std::cout << "  " << image.id.substr(7, 12) << std::setw(8) << image.bytes / kMiB << " MiB  "
                << tag << '\n';
    }
  }
}

void list_mappings(const json::object& answer) {
  const json::array* const mappings = find_array(answer, "mappings");
  if (mappings == nullptr || mappings->empty()) return;
  std::cout << "URIs that are mapped:\n";
  for (const json::value& each : *mappings) {
    std::cout << "  " << string_or(each.as_object(), "pattern") << " -> "
              << string_or(each.as_object(), "image") << '\n';
  }
}

struct Given {
  std::string file, pattern, image;
};

}  // namespace

std::function<int()> add_image(CLI::App& app, const OwnerOffline& offline) {
  app.require_subcommand(1);
  const auto given = std::make_shared<Given>();
  CLI::App* const load_command = app.add_subcommand(
      "load", "Give the container runtime the images of a `docker save` archive");
  load_command->add_option("FILE", given->file, "The archive")->required();
  CLI::App* const list =
      app.add_subcommand("list", "Print the images there are, and what is mapped");
  CLI::App* const map = app.add_subcommand("map", "Say which image is run for a URI");
  map->add_option("URI", given->pattern, "What jobs name; * stands for any characters")->required();
  map->add_option("IMAGE", given->image, "An image of the container runtime")->required();
  CLI::App* const unmap = app.add_subcommand("unmap", "Forget what `map` said about a URI");
  unmap->add_option("URI", given->pattern, "As it was mapped")->required();
  const SettingFlags load_flags(*load_command, kFlags), list_flags(*list, kFlags),
      map_flags(*map, kFlags), unmap_flags(*unmap, kFlags);
  return [=] {
    if (load_command->parsed()) {
      load(load_flags.load(), given->file);
    } else if (list->parsed()) {
      const Settings settings = list_flags.load();
      list_images(settings);
      list_mappings(run_command(settings, offline, {{"do", "image-mappings"}}));
    } else if (map->parsed()) {
      run_command(map_flags.load(), offline,
                  {{"do", "image-map"}, {"pattern", given->pattern}, {"image", given->image}});
    } else {
      run_command(unmap_flags.load(), offline,
                  {{"do", "image-unmap"}, {"pattern", given->pattern}});
    }
    return 0;
  };
}

}  // namespace clary::cli
