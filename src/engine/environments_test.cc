#include "engine/environments.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <fstream>

#include "engine/environment_builder.h"

namespace clary::engine {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPython = "/usr/bin/python3";

class EnvironmentsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "clary-environments-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path table(const std::string& text) {
    const fs::path file = folder_ / "environments.toml";
    std::ofstream(file) << text;
    return file;
  }
  // Makes a virtual environment as `python -m venv` does, but for pip, which takes it seconds.
  std::string quick_python() {
    const fs::path program = folder_ / "quick-python";
    std::ofstream(program) << "#!/bin/sh\nmkdir -p $3/bin && ln -s /usr/bin/python3 $3/bin/python3 "
                              "&& echo home = /usr/bin > $3/pyvenv.cfg\n";
    fs::permissions(program, fs::perms::owner_all);
    return program;
  }
  Environments environments(std::vector<EnvironmentEntry> entries) {
    return Environments(std::move(entries),
                        {.folder = folder_ / "made", .host_interpreters = {kPython}}, clock_);
  }

  fs::path folder_;
  ManualClock clock_{Timestamp{}};
};

std::string environment_of(std::string_view repository, std::string_view tag = "1") {
  static const auto entries = load_environment_table("");
  for (const EnvironmentEntry& entry : entries) {
    if (entry.stands_in_for(repository, tag)) return entry.name;
  }
  return "";
}

TEST(EnvironmentTable, KnowsTheFrameworksImages) {
  EXPECT_EQ(environment_of("sagemaker-scikit-learn", "1.2-1-cpu-py3"), "sklearn");
  EXPECT_EQ(environment_of("sagemaker-xgboost", "1.7-1"), "xgboost");
  EXPECT_EQ(environment_of("pytorch-training", "2.1.0-cpu-py310"), "pytorch");
  EXPECT_EQ(environment_of("pytorch-inference-graviton"), "pytorch");
  EXPECT_EQ(environment_of("huggingface-pytorch-inference"), "huggingface");
  EXPECT_EQ(environment_of("tensorflow-training"), "tensorflow");
  EXPECT_EQ(environment_of("mxnet-inference"), "mxnet");
  EXPECT_EQ(environment_of("my-own-image"), "");
  EXPECT_EQ(environment_of("not-pytorch-training"), "");
}

TEST_F(EnvironmentsTest, FileChangesWhatItNamesAndComesFirst) {
  const auto entries = load_environment_table(table(R"(
[[environment]]
name = "sklearn"
packages = ["scikit-learn==1.2.1"]
[[environment]]
name = "torch2"
repositories = ["pytorch-training"]
tags = "2\\..*"
imports = ["torch"]
variables = { PIP_INDEX_URL = "http://mirror" }
)"));
  EXPECT_EQ(entries.front().name, "torch2");
  EXPECT_EQ(entries.front().variables.at("PIP_INDEX_URL"), "http://mirror");
  EXPECT_TRUE(entries.front().stands_in_for("pytorch-training", "2.1.0"));
  EXPECT_FALSE(entries.front().stands_in_for("pytorch-training", "1.13"));
  const auto sklearn = std::ranges::find(entries, "sklearn", &EnvironmentEntry::name);
  EXPECT_EQ(sklearn->packages, std::vector<std::string>{"scikit-learn==1.2.1"});
  EXPECT_EQ(sklearn->imports, std::vector<std::string>{"sklearn"});
}

TEST_F(EnvironmentsTest, RefusesWhatItCannotUse) {
  for (const char* text :
       {"[[environment]]\nrepositories = [\"a\"]", "[[environment]]\nname = \"../x\"",
        "[[environment]]\nname = \"a\"", "[[environment]]\nname = \"sklearn\"\ncolour = \"red\"",
        "[[environment]]\nname = \"sklearn\"\nrepositories = [\"(\"]",
        "[[environment]]\nname = \"sklearn\"\ninterpreter = \"python3\"",
        "[[environment]]\nname = \"sklearn\"\npackages = [\"--target=/\"]",
        "[[environment]]\nname = \"sklearn\"\npackages = \"numpy\"", "settings = 1", "= ="}) {
    EXPECT_THROW(load_environment_table(table(text)), EnvironmentTableError) << text;
  }
}

TEST_F(EnvironmentsTest, TakesAHostInterpreterThatHasTheModules) {
  Environments all = environments({});
  const auto python = all.python({.name = "json", .framework = "f", .imports = {"json"}});
  ASSERT_TRUE(python) << python.error();
  EXPECT_EQ(python->name, "json");
  EXPECT_EQ(python->framework, "f");
  EXPECT_EQ(python->interpreter, kPython);
  EXPECT_TRUE(python->version.starts_with("3."));
  EXPECT_TRUE(python->base.starts_with("/usr/bin/python3"));
  EXPECT_TRUE(python->folders.empty());  // /usr is in every sandbox
  EXPECT_FALSE(python->sites.empty());
}

TEST_F(EnvironmentsTest, SaysWhichCommandMakesOne) {
  Environments all = environments({});
  const auto python = all.python({.name = "nowhere", .imports = {"no_such_module_1"}});
  ASSERT_FALSE(python);
  EXPECT_NE(python.error().find("`clary env-create nowhere`"), std::string::npos);
  EXPECT_NE(python.error().find("no_such_module_1"), std::string::npos);
}

TEST_F(EnvironmentsTest, NamedInterpreterIsTheOnlyOne) {
  Environments all = environments({});
  const auto python =
      all.python({.name = "json", .interpreter = "/nonexistent/python", .imports = {"json"}});
  ASSERT_FALSE(python);
  EXPECT_NE(python.error().find("/nonexistent/python"), std::string::npos);
}

TEST_F(EnvironmentsTest, BuiltOnesComeFirstAndNeverHalfMade) {
  const EnvironmentEntry entry{.name = "plain", .imports = {"json"}, .python = quick_python()};
  const BuildOptions options{.folder = folder_ / "made", .environment = {"PATH=/usr/bin:/bin"}};
  // What a killed build leaves.
  fs::create_directories(folder_ / "made/plain/0a0b0c/bin");
  EXPECT_FALSE(made_environment(folder_ / "made", "plain"));
  const fs::path first = build_environment(entry, options);
  EXPECT_FALSE(fs::exists(folder_ / "made/plain/0a0b0c"));
  Environments all = environments({});
  const auto python = all.python(entry);
  ASSERT_TRUE(python) << python.error();
  EXPECT_EQ(python->interpreter, (first / "bin/python3").string());
  EXPECT_NE(std::ranges::find(python->folders, first.string()), python->folders.end());
  // Jobs of the one before still run in it.
  const fs::path second = build_environment(entry, options);
  EXPECT_NE(first, second);
  EXPECT_TRUE(fs::exists(first / "bin/python3"));
  EXPECT_EQ(made_environment(folder_ / "made", "plain"), second);
}

TEST_F(EnvironmentsTest, FailedBuildLeavesTheOneBefore) {
  const BuildOptions options{.folder = folder_ / "made", .environment = {"PATH=/usr/bin:/bin"}};
  const fs::path good =
      build_environment({.name = "plain", .imports = {"json"}, .python = quick_python()}, options);
  EXPECT_THROW(
      build_environment(
          {.name = "plain", .imports = {"no_such_module_1"}, .python = quick_python()}, options),
      EnvironmentBuildError);
  EXPECT_THROW(build_environment({.name = "plain", .python = "/nonexistent"}, options),
               EnvironmentBuildError);
  EXPECT_EQ(made_environment(folder_ / "made", "plain"), good);
}

TEST_F(EnvironmentsTest, SaysHowToDoWithoutJavaPackages) {
  const BuildOptions options{
      .folder = folder_ / "made", .environment = {"PATH=/usr/bin:/bin"}, .runtime = "/nonexistent"};
  try {
    build_environment({.name = "plain", .python = quick_python(), .jars = {"a:b:1"}}, options);
    FAIL();
  } catch (const EnvironmentBuildError& error) {
    EXPECT_NE(std::string(error.what()).find("jars = []"), std::string::npos) << error.what();
  }
  EXPECT_FALSE(made_environment(folder_ / "made", "plain"));
}

TEST_F(EnvironmentsTest, RemembersAnAnswerForAWhile) {
  const fs::path link = folder_ / "python3";
  fs::create_symlink(kPython, link);
  Environments all = environments({});
  const EnvironmentEntry entry{.name = "json", .interpreter = link, .imports = {"json"}};
  EXPECT_TRUE(all.python(entry));
  fs::remove(link);
  EXPECT_TRUE(all.python(entry));
  clock_.advance(std::chrono::minutes(6));
  EXPECT_FALSE(all.python(entry));
}

}  // namespace
}  // namespace clary::engine
