#include "posittune/data/data_yaml.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"

namespace posittune::data {
namespace {

class DataYaml : public testing::Test {
 protected:
  Result<SplitSpecs> read(const std::string& text) {
    write_bytes(path(), text);
    return read_data_yaml(path());
  }
  std::string path() const { return folder_.file("data.yaml"); }
  void expect_error(const std::string& text, ErrorKind kind,
                    const std::vector<std::string>& parts) {
    const auto splits = read(text);
    ASSERT_FALSE(splits.ok()) << text;
    EXPECT_TRUE(is_error(splits.error(), kind, {path()}));
    EXPECT_TRUE(is_error(splits.error(), kind, parts));
  }
  TemporaryFolder folder_;
};

TEST_F(DataYaml, EveryKey) {
  const auto splits = read(R"(
calibrate: sub/c.npz
report:
  kind: coco
  path: /data/report.json
  images: pictures/
  annotations: a.json
  labels: l.txt
  tokenizer: t.xml
  tokenizer_library: t.so
  document_start: ""
  sequence: 128
  limit: 7
  sha256: 0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef
  preprocessing:
    size: [320, 640]
    resize: letterbox
    pad: 0
    scale: 1
    mean: [1, 2.5, 3]
    std: 2
    channels: bgr
    layout: nhwc
)");
  ASSERT_TRUE(splits.ok()) << splits.error().message();
  EXPECT_FALSE(splits->search.has_value());
  EXPECT_EQ(splits->calibrate.value().path, folder_.file("sub/c.npz"));
  EXPECT_EQ(splits->calibrate->kind, DataKind::kAuto);
  EXPECT_FALSE(splits->calibrate->document_start.has_value());
  const DataSpec& report = splits->report.value();
  EXPECT_EQ(report.kind, DataKind::kCoco);
  EXPECT_EQ(report.path, "/data/report.json");
  EXPECT_EQ(report.images, folder_.file("pictures"));
  EXPECT_EQ(report.annotations, folder_.file("a.json"));
  EXPECT_EQ(report.labels, folder_.file("l.txt"));
  EXPECT_EQ(report.tokenizer, folder_.file("t.xml"));
  EXPECT_EQ(report.tokenizer_library, folder_.file("t.so"));
  EXPECT_EQ(report.document_start, "");
  EXPECT_EQ(report.sequence, 128u);
  EXPECT_EQ(report.limit, 7u);
  EXPECT_EQ(report.sha256.size(), 64u);
  const Preprocessing expected{.height = 320,
                               .width = 640,
                               .resize = Resize::kLetterbox,
                               .pad = 0,
                               .scale = 1,
                               .mean = {1, 2.5, 3},
                               .std = {2, 2, 2},
                               .bgr = true,
                               .nhwc = true};
  EXPECT_EQ(report.preprocessing, expected);
}

TEST_F(DataYaml, DefaultsAndAliases) {
  const auto splits = read(
      "search:\n  path: a\n  preprocessing: &p {size: 64}\nreport: {path: b, preprocessing: *p}\n");
  ASSERT_TRUE(splits.ok()) << splits.error().message();
  EXPECT_EQ(splits->report->preprocessing.width, 64u);
  EXPECT_EQ(splits->report->preprocessing.height, 64u);
  EXPECT_EQ(splits->report->preprocessing, splits->search->preprocessing);
  EXPECT_EQ(splits->report->preprocessing.scale, 1.0 / 255);
}

TEST_F(DataYaml, UnknownKeysHaveTheNearestName) {
  expect_error("calibration: a.npz\n", ErrorKind::kUsage,
               {"line 1", "'calibration'", "did you mean 'calibrate'?"});
  expect_error("report:\n  path: a\n  limits: 3\n", ErrorKind::kUsage,
               {"line 3", "report", "did you mean 'limit'?"});
  expect_error("report: {path: a, preprocessing: {means: 3}}\n", ErrorKind::kUsage,
               {"report.preprocessing", "did you mean 'mean'?", "layout"});
  expect_error("report: {path: a, colour: 3}\n", ErrorKind::kUsage, {"'colour'", "kind, path"});
  expect_error("report: {path: a, [1]: 3}\n", ErrorKind::kUsage, {"a list"});
}

TEST_F(DataYaml, ValuesMustFit) {
  const auto fails = [&](const std::string& field, const std::string& part) {
    expect_error("report: {path: a, " + field + "}\n", ErrorKind::kUsage, {"line 1", part});
  };
  fails("kind: cocoa", "npz, text, images, coco");
  fails("limit: 0", "at least 1");
  fails("limit: -1", "at least 1");
  fails("limit: 99999999999999999999", "at least 1");
  fails("limit: 1.5", "at least 1");
  fails("limit: [1]", "a list");
  fails("tokenizer: {a: b}", "a map");
  fails("labels: ''", "path");
  fails("sha256: abc", "64 hexadecimal");
  fails("path: b", "twice");
  fails("preprocessing: 3", "map of keys");
  fails("preprocessing: {size: [1, 2, 3]}", "[height, width]");
  fails("preprocessing: {size: 0}", "at least 1");
  fails("preprocessing: {scale: 0}", "above 0");
  fails("preprocessing: {std: [1, 0, 1]}", "above 0");
  fails("preprocessing: {mean: [1, 2]}", "3 numbers");
  fails("preprocessing: {mean: .nan}", "number");
  fails("preprocessing: {channels: grb}", "rgb, bgr");
  fails("preprocessing: {resize: crop}", "letterbox");
  expect_error("report: {kind: npz}\n", ErrorKind::kUsage, {"no path"});
}

using Pairs = std::vector<std::pair<std::string, std::string>>;  // a value, what is shown of it

// Each message says what, where, what is expected, what was found and what to do.
TEST_F(DataYaml, ConstantsMustFit) {
  const auto fails = [&](const std::string& value, std::vector<std::string> parts) {
    for (const char* part : {"line 2", "constants"}) parts.emplace_back(part);
    expect_error("report: a.npz\nconstants: " + value + "\n", ErrorKind::kUsage, parts);
  };
  for (const auto& [value, found] :
       Pairs{{"16000", "'16000'"}, {"[1, 2]", "a list"}, {"~", "nothing"}}) {
    fails(value, {"not a map of names", "expected: NAME: VALUE", "found: " + found,
                  "write `constants: {INPUT: 16000}`"});
  }
  fails("{[a]: 1}", {"not a name", "expected: NAME: VALUE", "found: a list", "write `constants:"});
  fails("{rate: 1, rate: 2}",
        {"name stands twice", "expected: each name once", "found: 'rate'", "leave one of them"});
  for (const auto& [value, found] : Pairs{{"{a: 1}", "found: a map"},
                                          {"", "found: nothing"},
                                          {"[]", "found: an empty list"},
                                          {"[1, [2, 3]]", "found: a list in a list"},
                                          {"[1, two]", "found: 'two' in a list"},
                                          {"[~]", "found: nothing in a list"},
                                          {"[scales.npy]", "found: 'scales.npy' in a list"}}) {
    fails("{rate: " + value + "}",
          {"value is no constant", "constants.rate",
           "expected: a number, a list of numbers, or a file.npy", found, "numpy.save"});
  }
  fails("{rate: " + std::string(5000, '1') + "}", {"value is no constant", "found: a long text"});
  fails("{rate: \"a\\0.npy\"}", {"value is no path", "constants.rate", "expected: a path"});
}

TEST_F(DataYaml, BatchAxesMustFit) {
  const auto fails = [&](const std::string& value, std::vector<std::string> parts) {
    for (const char* part : {"line 2", "batch_axis"}) parts.emplace_back(part);
    expect_error("report: a.npz\nbatch_axis: " + value + "\n", ErrorKind::kUsage, parts);
  };
  fails("1", {"not a map of names", "expected: NAME: VALUE", "found: '1'",
              "write `batch_axis: {INPUT_OR_OUTPUT: 1}`"});
  fails("{x: 1, x: 0}", {"name stands twice", "found: 'x'", "leave one of them"});
  for (const auto& [value, found] : Pairs{{"-1", "'-1'"},
                                          {"1.5", "'1.5'"},
                                          {"first", "'first'"},
                                          {"[1]", "a list"},
                                          {"{a: 1}", "a map"},
                                          {"", "nothing"},
                                          {"99999999999999999999", "'99999999999999999999'"}}) {
    fails("{x: " + value + "}",
          {"value is no axis", "batch_axis.x", "expected: an integer of at least 0",
           "found: " + found, "0 is the first axis"});
  }
}

TEST_F(DataYaml, OddFiles) {
  expect_error("", ErrorKind::kUsage, {"map of keys"});
  expect_error("{}", ErrorKind::kUsage, {"no split"});
  expect_error("- a\n- b\n", ErrorKind::kUsage, {"a list"});
  expect_error("report: {path: a\n", ErrorKind::kInput, {"YAML"});
  expect_error("report: *nobody\n", ErrorKind::kInput, {"YAML", "line 1"});
  expect_error("report: &r {path: a, preprocessing: *r}\n", ErrorKind::kUsage, {});
  expect_error("&r report: &s [*s]\n", ErrorKind::kUsage, {"a list"});
  expect_error("report: {path: a, ? &k [*k] : b}\n", ErrorKind::kUsage, {});
  expect_error(std::string(2 << 20, '#'), ErrorKind::kInput, {"too large"});
  expect_error(std::string(100000, '['), ErrorKind::kInput, {"YAML"});
  expect_error(std::string(100000, '{'), ErrorKind::kInput, {"YAML"});
  (void)read(std::string("report: \0x", 10));
  (void)read("\xff\xfe\x00");
  const auto missing = read_data_yaml(folder_.file("none.yaml"));
  ASSERT_FALSE(missing.ok());
  EXPECT_TRUE(is_error(missing.error(), ErrorKind::kInput, {"none.yaml"}));
  EXPECT_FALSE(read_data_yaml(folder_.file("")).ok());
}

}  // namespace
}  // namespace posittune::data
