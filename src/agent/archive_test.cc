// Archives, hostile ones above all: model data comes from strangers.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "agent/gzip.h"
#include "agent/tar_reader.h"
#include "agent/tar_writer.h"
#include "agent/test_support.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using process::FileDescriptor;

// One header block, checksum included.
std::string block(const std::string& path, char type, std::size_t size,
                  const std::string& link = {}) {
  std::string bytes(512, '\0');
  bytes.replace(0, path.size(), path);
  bytes.replace(100, 7, "0000644");
  std::array<char, 16> number;
  std::snprintf(number.data(), number.size(), "%011zo", size);
  bytes.replace(124, 11, number.data());
  bytes[156] = type;
  bytes.replace(157, link.size(), link);
  bytes.replace(257, 5, "ustar");
  bytes.replace(263, 2, "00");
  bytes.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : bytes) sum += static_cast<unsigned char>(c);
  std::snprintf(number.data(), number.size(), "%06o", sum);
  bytes.replace(148, 7, std::string(number.data()) + '\0');
  return bytes;
}

std::string file(const std::string& path, const std::string& content) {
  return block(path, '0', content.size()) + content +
         std::string((512 - content.size() % 512) % 512, '\0');
}

const std::string kEnd(1024, '\0');

class Archive : public ::testing::Test {
 protected:
  Archive() { fs::create_directories(inside()); }
  fs::path inside() const { return folder_.path() / "outer/inside"; }
  void unpack(const std::string& bytes, TarLimits limits = {}, std::size_t piece = 1 << 20) {
    const FileDescriptor folder(open(inside().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ArchiveReader reader(folder.get(), limits);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.write(std::string_view(bytes).substr(at, piece));
    }
    reader.finish();
  }
  std::string refusal(const std::string& bytes, TarLimits limits = {}) {
    try {
      unpack(bytes, limits);
    } catch (const BadArchive& bad) {
      return bad.what();
    }
    return "was accepted";
  }
  std::string content(const std::string& path) { return read_file(inside() / path); }
  TestFolder folder_;
};

TEST_F(Archive, RoundTripsEverything) {
  const fs::path source = folder_.path() / "source";
  const std::string long_name(150, 'n');
  write_file(source / "xgboost-model", std::string(3 << 20, 'm') + "end");
  write_file(source / "a/b" / long_name, "long");
  write_file(source / "empty", "");
  fs::create_symlink("xgboost-model", source / "link");
  std::string archive;
  {
    const FileDescriptor folder(open(source.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    GzipWriter gzip([&](std::string_view bytes) { archive.append(bytes); });
    EXPECT_TRUE(
        write_tar(std::array{folder.get()}, [&](std::string_view bytes) { gzip.write(bytes); }));
    gzip.finish();
  }
  EXPECT_LT(archive.size(), 100000U);
  for (const std::size_t piece : {std::size_t{7919}, std::size_t{1} << 20}) {
    unpack(archive, {}, piece);
    EXPECT_EQ(content("xgboost-model"), read_file(source / "xgboost-model"));
    EXPECT_EQ(content("a/b/" + long_name), "long");
    EXPECT_TRUE(fs::exists(inside() / "empty"));
    EXPECT_EQ(fs::read_symlink(inside() / "link"), "xgboost-model");
  }
}

TEST_F(Archive, SystemTarReadsWhatWeWrite) {
  const fs::path source = folder_.path() / "source";
  write_file(source / "d/one", "1");
  write_file(source / std::string(120, 'x'), "2");
  write_file(source / "big", std::string(2500000, 'b'));
  const fs::path archive = folder_.path() / "m.tar.gz";
  {
    const FileDescriptor folder(open(source.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::ofstream out(archive, std::ios::binary);
    GzipWriter gzip([&](std::string_view bytes) { out << bytes; });
    write_tar(std::array{folder.get()}, [&](std::string_view bytes) { gzip.write(bytes); });
    gzip.finish();
  }
  EXPECT_EQ(run_program({"/bin/tar", "-xzf", archive.string(), "-C", inside().string()}), 0);
  EXPECT_EQ(content("d/one"), "1");
  EXPECT_EQ(content("big"), std::string(2500000, 'b'));
  EXPECT_TRUE(fs::exists(inside() / std::string(120, 'x')));
}

TEST_F(Archive, ReadsWhatSystemTarWrites) {
  const fs::path source = folder_.path() / "source";
  write_file(source / "model/xgboost-model", "tree");
  write_file(source / ("model/" + std::string(140, 'y')), "long");
  for (const char* format : {"--format=gnu", "--format=pax", "--format=ustar"}) {
    const fs::path archive = folder_.path() / "m.tar.gz";
    if (run_program({"/bin/tar", "-czf", archive.string(), format, "-C", source.string(), "."}) !=
        0) {
      continue;  // ustar cannot hold the long name
    }
    unpack(read_file(archive));
    EXPECT_EQ(content("model/xgboost-model"), "tree") << format;
    EXPECT_EQ(content("model/" + std::string(140, 'y')), "long") << format;
    fs::remove_all(inside() / "model");
  }
}

// tarfile.add(folder, arcname="/"), as SDK v2 packs models with a script.
TEST_F(Archive, TakesItsOwnFolderAsRoot) {
  unpack(block("/", '5', 0) + file("weights", "w") + block("code/", '5', 0) + kEnd);
  EXPECT_EQ(content("weights"), "w");
  EXPECT_TRUE(fs::is_directory(inside() / "code"));
  EXPECT_NE(refusal(block("/d", '5', 0) + kEnd).find("absolute"), std::string::npos);
  EXPECT_NE(refusal(file("/", "") + kEnd).find("absolute"), std::string::npos);
}

TEST_F(Archive, RefusesToLeaveTheFolder) {
  EXPECT_NE(refusal(file("../evil", "x") + kEnd).find("\"..\""), std::string::npos);
  EXPECT_NE(refusal(file("a/../../evil", "x") + kEnd).find("\"..\""), std::string::npos);
  EXPECT_NE(refusal(file("/tmp/clary-evil", "x") + kEnd).find("absolute"), std::string::npos);
  EXPECT_NE(refusal(block("../d", '5', 0) + kEnd).find("\"..\""), std::string::npos);
  EXPECT_FALSE(fs::exists(folder_.path() / "outer/evil"));
  EXPECT_FALSE(fs::exists("/tmp/clary-evil"));
  EXPECT_FALSE(fs::exists(folder_.path() / "outer/d"));
}

TEST_F(Archive, RefusesLinksThatLeadOut) {
  for (const char* target : {"/etc/passwd", "../x", "a/../../x"}) {
    EXPECT_NE(refusal(block("l", '2', 0, target) + kEnd).find("leads out"), std::string::npos);
  }
  EXPECT_NE(refusal(block("h", '1', 0, "../x") + kEnd).find("\"..\""), std::string::npos);
  EXPECT_NE(refusal(block("h", '1', 0, "nothing") + kEnd).find("hard link"), std::string::npos);
  unpack(block("d/l", '2', 0, "../here") + kEnd);  // stays inside
  EXPECT_EQ(fs::read_symlink(inside() / "d/l"), "../here");
}

TEST_F(Archive, NeverWritesThroughALink) {
  write_file(folder_.path() / "outer/victim", "safe");
  fs::create_directory_symlink("..", inside() / "up");
  fs::create_symlink("../victim", inside() / "file");
  EXPECT_NE(refusal(file("up/victim", "x") + kEnd).find("through a link"), std::string::npos);
  unpack(file("file", "x") + kEnd);  // replaces the link itself
  EXPECT_EQ(content("file"), "x");
  EXPECT_EQ(read_file(folder_.path() / "outer/victim"), "safe");
  // A hard link to a link of the archive's own.
  EXPECT_NE(refusal(block("s", '2', 0, "file") + block("h", '1', 0, "s") + kEnd).find("hard link"),
            std::string::npos);
}

TEST_F(Archive, RefusesDevicesBombsAndDamage) {
  for (const char type : {'3', '4', '6', 'S'}) {
    EXPECT_NE(refusal(block("dev", type, 0) + kEnd).find("neither"), std::string::npos);
  }
  EXPECT_NE(refusal(file("a", std::string(600, 'x')) + file("b", std::string(600, 'x')) + kEnd,
                    {.bytes = 1000})
                .find("larger"),
            std::string::npos);
  EXPECT_NE(refusal(file("a", "") + file("b", "") + file("c", "") + kEnd, {.entries = 2})
                .find("too many"),
            std::string::npos);
  EXPECT_NE(refusal("this is no archive at all" + std::string(600, '.')).find("no tar"),
            std::string::npos);
  EXPECT_NE(refusal(block("cut", '0', 5000) + "short").find("cut short"), std::string::npos);
  EXPECT_NE(refusal("").find("cut short"), std::string::npos);
  EXPECT_NE(refusal(std::string("\x1f\x8b\x08\x00", 4) + "garbage").find("gzip"),
            std::string::npos);
  EXPECT_NE(refusal(block("x", 'x', 2 << 20) + kEnd).find("too long"), std::string::npos);
}

TEST_F(Archive, GzipSaysWhenItIsCut) {
  std::string zipped;
  GzipWriter writer([&](std::string_view bytes) { zipped.append(bytes); });
  writer.write(std::string(100000, 'z'));
  writer.finish();
  std::string back;
  GzipReader whole([&](std::string_view bytes) { back.append(bytes); });
  whole.write(zipped);
  whole.finish();
  EXPECT_EQ(back.size(), 100000U);
  GzipReader cut([](std::string_view) {});
  cut.write(std::string_view(zipped).substr(0, zipped.size() - 5));
  EXPECT_THROW(cut.finish(), BadArchive);
}

}  // namespace
}  // namespace clary::agent
