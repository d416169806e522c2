// COCO annotations, image folders, and both as data sets.

#include "posittune/data/coco.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "posittune/base/hash.h"
#include "posittune/data/dataset.h"
#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"

namespace posittune::data {
namespace {

const std::vector<TensorInfo> kImageInput = {{"images", ElementType::kF32, {-1, 3, 2, 2}}};

constexpr const char* kTwoImages = R"({
  "images": [{"id": 5, "file_name": "b.png", "width": 4, "height": 2}, {"id": 1, "file_name": "a.png"}],
  "categories": [{"id": 90, "name": "cat"}, {"id": 3, "name": "dog"}],
  "annotations": [
    {"id": 1, "image_id": 1, "category_id": 90, "bbox": [1, 0, 1, 2], "iscrowd": 1, "segmentation": [[1]]},
    {"id": 2, "image_id": 5, "category_id": 3, "bbox": [0, 1, 4, 0.5]},
    {"id": 3, "image_id": 5, "category_id": 90, "bbox": [2, 0, 2, 1], "iscrowd": 0}],
  "info": {"year": 2026}})";

class CocoFile : public testing::Test {
 protected:
  CocoFile() {
    std::filesystem::create_directory(folder_.file("set"));
    write_bytes(folder_.file("set/a.png"),
                png_bytes(2, 2, 3, 8, std::vector<std::uint8_t>(12, 255)));
    write_bytes(folder_.file("set/b.png"),
                png_bytes(4, 2, 3, 8, std::vector<std::uint8_t>(24, 51)));
    write_bytes(json(), kTwoImages);
    spec_.path = json();
    spec_.preprocessing.resize = Resize::kLetterbox;
  }
  std::string json() const { return folder_.file("set.json"); }
  Result<Coco> read(const std::string& text) {
    write_bytes(json(), text);
    return read_coco(json());
  }
  void expect_error(const std::string& from, const std::string& to,
                    const std::vector<std::string>& parts) {
    std::string text = kTwoImages;
    ASSERT_NE(text.find(from), std::string::npos) << from;
    const auto coco = read(text.replace(text.find(from), from.size(), to));
    ASSERT_FALSE(coco.ok()) << to;
    EXPECT_TRUE(is_error(coco.error(), ErrorKind::kInput, {json()}));
    EXPECT_TRUE(is_error(coco.error(), ErrorKind::kInput, parts));
  }
  TemporaryFolder folder_;
  DataSpec spec_;
};

TEST_F(CocoFile, ImagesBoxesAndCategories) {
  const auto coco = read(kTwoImages);
  ASSERT_TRUE(coco.ok()) << coco.error().message();
  EXPECT_EQ(coco->categories, (std::vector<std::int64_t>{3, 90}));
  EXPECT_EQ(coco->category_names, (std::vector<std::string>{"dog", "cat"}));
  ASSERT_EQ(coco->images.size(), 2u);
  EXPECT_EQ(coco->images[0].file_name, "b.png");
  EXPECT_EQ(coco->images[0].size, (ImageSize{4, 2}));
  ASSERT_EQ(coco->images[0].boxes.size(), 2u);
  EXPECT_EQ(coco->images[0].boxes[0].category, 0);
  EXPECT_EQ(coco->images[0].boxes[0].height, 0.5f);
  EXPECT_EQ(coco->images[0].boxes[1].category, 1);
  EXPECT_FALSE(coco->images[0].boxes[1].crowd);
  ASSERT_EQ(coco->images[1].boxes.size(), 1u);
  EXPECT_TRUE(coco->images[1].boxes[0].crowd);
}

TEST_F(CocoFile, ErrorsNameThePlace) {
  expect_error("\"id\": 5", "\"id\": 1", {"/images/1/id", "no other image"});
  expect_error("\"id\": 5", "\"id\": \"5\"", {"/images/0/id", "an integer", "\"5\""});
  expect_error("\"a.png\"", "\"b.png\"", {"/images/1/file_name"});
  expect_error("\"width\": 4", "\"width\": -4", {"/images/0/width"});
  expect_error("\"id\": 3, \"name\"", "\"id\": 90, \"name\"", {"/categories/1/id"});
  expect_error("\"image_id\": 1", "\"image_id\": 2", {"/annotations/0/image_id", "2"});
  expect_error("\"category_id\": 3", "\"category_id\": 4", {"/annotations/1/category_id", "4"});
  expect_error("[2, 0, 2, 1]", "[2, 0, -2, 1]", {"/annotations/2/bbox"});
  expect_error("[2, 0, 2, 1]", "[2, 0, 2]", {"/annotations/2/bbox"});
  expect_error("[2, 0, 2, 1]", "[2, 0, 1e300, 1]", {"/annotations/2/bbox"});
  expect_error("[2, 0, 2, 1]", "7", {"/annotations/2/bbox", "7"});
  expect_error("\"annotations\"", "\"other\"", {"/annotations", "missing"});
  expect_error("}}", "}", {"JSON"});
}

TEST_F(CocoFile, OtherJson) {
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), std::string("7"),
        std::string(200000, '['), std::string("{\"images\": []}"), std::string("\xff\xfe"),
        std::string(R"({"images":[],"categories":[],"annotations":[]})")}) {
    const auto coco = read(text);
    ASSERT_FALSE(coco.ok()) << text.substr(0, 40);
    EXPECT_TRUE(is_error(coco.error(), ErrorKind::kInput, {json()}));
  }
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');
  std::string text = kTwoImages;
  EXPECT_FALSE(read(text.replace(text.find("[2, 0, 2, 1]"), 12, deep)).ok());
}

TEST_F(CocoFile, DatasetWithBoxesInNetworkPixels) {
  const auto data = Dataset::open(spec_, kImageInput);
  ASSERT_TRUE(data.ok()) << data.error().message();
  EXPECT_EQ(data->items(), 2u);
  EXPECT_EQ(data->unit_name(), "image");
  EXPECT_EQ(data->description().kind, "coco");
  ASSERT_EQ(data->annotations().boxes.size(), 2u);
  // b.png, 4 x 2 into 2 x 2: halved to 2 x 1, nothing above (the smaller half of 1), one row below.
  const records::Box& box = data->annotations().boxes[0][1];
  EXPECT_EQ(box.x, 1);
  EXPECT_EQ(box.y, 0);
  EXPECT_EQ(box.width, 1);
  EXPECT_EQ(box.height, 0.5);
  const auto batch = data->batch(0, 2);
  ASSERT_TRUE(batch.ok()) << batch.error().message();
  const Tensor& images = batch->at("images");
  EXPECT_EQ(images.shape, (TensorShape{2, 3, 2, 2}));
  EXPECT_FLOAT_EQ(images.as<float>()[0], 0.2f);          // 51 / 255
  EXPECT_FLOAT_EQ(images.as<float>()[2], 114.0f / 255);  // padding
  EXPECT_FLOAT_EQ(images.as<float>()[12], 1);            // a.png
  const std::string expected = sha256_hex(read_bytes(json())) + "  set.json\n" +
                               sha256_hex(read_bytes(folder_.file("set/b.png"))) + "  b.png\n" +
                               sha256_hex(read_bytes(folder_.file("set/a.png"))) + "  a.png\n";
  EXPECT_EQ(data->sha256(), sha256_hex(expected));
}

TEST_F(CocoFile, IdentityFollowsThePreprocessing) {
  const auto identity = [&](const DataSpec& spec,
                            const std::vector<TensorInfo>& inputs = kImageInput) {
    const auto data = Dataset::open(spec, inputs);
    EXPECT_TRUE(data.ok()) << data.error().message();
    EXPECT_EQ(data->sha256(), Dataset::open(spec_, kImageInput)->sha256());
    return data->identity();
  };
  std::vector<std::string> all = {identity(spec_)};
  EXPECT_EQ(identity(spec_), all.front());
  const auto changed = [&](auto change) {
    DataSpec spec = spec_;
    change(spec.preprocessing);
    all.push_back(identity(spec));
  };
  changed([](Preprocessing& p) { p.resize = Resize::kStretch; });
  changed([](Preprocessing& p) { p.pad = 115; });
  changed([](Preprocessing& p) { p.scale = std::nextafter(p.scale, 1); });
  changed([](Preprocessing& p) { p.mean[2] = 1e-9; });
  changed([](Preprocessing& p) { p.std[0] = 2; });
  changed([](Preprocessing& p) { p.std[1] = 2; });
  changed([](Preprocessing& p) { p.bgr = true; });
  const TensorInfo open{"images", ElementType::kF32, {-1, -1, -1, -1}};
  for (const auto& [height, width, nhwc] : {std::tuple(2, 4, false), {4, 2, false}, {4, 2, true}}) {
    DataSpec spec = spec_;
    spec.preprocessing.height = static_cast<std::size_t>(height);
    spec.preprocessing.width = static_cast<std::size_t>(width);
    spec.preprocessing.nhwc = nhwc;
    all.push_back(identity(spec, {open}));
  }
  all.push_back(identity(spec_, {{"images", ElementType::kF16, {-1, 3, 2, 2}}}));
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
  // The size that the model fixes, said or not.
  DataSpec same = spec_;
  same.preprocessing.height = same.preprocessing.width = 2;
  EXPECT_EQ(identity(same), all.front());
}

TEST_F(CocoFile, FolderIsFoundOrNamed) {
  std::filesystem::rename(folder_.file("set"), folder_.file("elsewhere"));
  auto data = Dataset::open(spec_, kImageInput);
  ASSERT_FALSE(data.ok());
  EXPECT_TRUE(is_error(data.error(), ErrorKind::kInput, {"set.json", "images"}));
  spec_.images = folder_.file("elsewhere");
  EXPECT_TRUE(Dataset::open(spec_, kImageInput).ok());
  DataSpec by_folder = spec_;
  by_folder.path = folder_.file("elsewhere");
  by_folder.annotations = json();
  by_folder.images.clear();
  EXPECT_TRUE(Dataset::open(by_folder, kImageInput).ok());
}

TEST_F(CocoFile, ImagesMustBeAsAnnotated) {
  write_bytes(folder_.file("set/b.png"), png_bytes(2, 2, 3, 8, std::vector<std::uint8_t>(12, 1)));
  auto data = Dataset::open(spec_, kImageInput);
  ASSERT_FALSE(data.ok());
  EXPECT_TRUE(is_error(data.error(), ErrorKind::kInput, {"b.png", "4 x 2", "2 x 2"}));
  std::filesystem::remove(folder_.file("set/b.png"));
  data = Dataset::open(spec_, kImageInput);
  ASSERT_FALSE(data.ok());
  EXPECT_TRUE(is_error(data.error(), ErrorKind::kInput, {"b.png"}));
}

TEST_F(CocoFile, ModelsThatTakeNoImage) {
  const auto fails = [&](const std::vector<TensorInfo>& inputs, ErrorKind kind,
                         const std::string& text) {
    const auto data = Dataset::open(spec_, inputs);
    ASSERT_FALSE(data.ok()) << text;
    EXPECT_TRUE(is_error(data.error(), kind, {text}));
  };
  fails({{"x", ElementType::kF32, {-1, 3}}}, ErrorKind::kInput, "one image");
  fails({{"x", ElementType::kF32, {-1, 1, 2, 2}}}, ErrorKind::kInput, "three channels");
  fails({{"x", ElementType::kF32, {-1, 2, 2, 3}}}, ErrorKind::kInput, "layout");
  fails({{"x", ElementType::kF32, {-1, 3, -1, -1}}}, ErrorKind::kUsage, "size");
  spec_.preprocessing.height = spec_.preprocessing.width = 8;
  fails(kImageInput, ErrorKind::kUsage, "8 x 8");
}

TEST_F(CocoFile, FolderOfImagesWithLabels) {
  DataSpec spec = spec_;
  spec.path = folder_.file("set");
  write_bytes(folder_.file("set/notes.txt"), "not an image");
  write_bytes(folder_.file("labels.txt"), "b.png 3\r\na.png, 0\n\n");
  spec.labels = folder_.file("labels.txt");
  const auto data = Dataset::open(spec, kImageInput);
  ASSERT_TRUE(data.ok()) << data.error().message();
  EXPECT_EQ(data->description().kind, "images");
  EXPECT_EQ(data->annotations().labels, (std::vector<std::int64_t>{0, 3}));
  for (const auto& [text, part] : {std::pair("a.png 1\n", "b.png"),
                                   {"a.png x\n", "line 1"},
                                   {"a.png 1\na.png 2\n", "line 2"},
                                   {"a.png -1\n", "line 1"},
                                   {"a.png", "line 1"}}) {
    write_bytes(spec.labels, text);
    const auto bad = Dataset::open(spec, kImageInput);
    ASSERT_FALSE(bad.ok()) << text;
    EXPECT_TRUE(is_error(bad.error(), ErrorKind::kInput, {"labels.txt", part}));
  }
}

class ClassFolders : public testing::Test {
 protected:
  ClassFolders() { spec_.path = folder_.file("set"); }
  // One grey pixel; the value tells the images apart.
  void add(const std::string& name, std::uint8_t grey) {
    const auto path = std::filesystem::path(spec_.path) / name;
    std::filesystem::create_directories(path.parent_path());
    write_bytes(path.string(), png_bytes(1, 1, 3, 8, {grey, grey, grey}));
  }
  Result<Dataset> open() { return Dataset::open(spec_, {{"x", ElementType::kF32, {-1, 3, 1, 1}}}); }
  void expect_error(const std::vector<std::string>& parts) {
    const auto data = open();
    ASSERT_FALSE(data.ok());
    EXPECT_TRUE(is_error(data.error(), ErrorKind::kInput, parts));
  }
  TemporaryFolder folder_;
  DataSpec spec_;
};

// Sorted as Python sorts names: "Zebra" before "ant"; folders inside a class are of that class.
TEST_F(ClassFolders, NamesGiveTheLabels) {
  add("ant/2.png", 2), add("ant/1.png", 1), add("ant/more/0.png", 3), add("Zebra/x.png", 4);
  add(".hidden/x.png", 5);
  const auto data = open();
  ASSERT_TRUE(data.ok()) << data.error().message();
  EXPECT_EQ(data->annotations().labels, (std::vector<std::int64_t>{0, 1, 1, 1}));
  EXPECT_EQ(data->description().classes, (std::vector<std::string>{"Zebra", "ant"}));
  const auto batch = data->batch(0, 4);
  ASSERT_TRUE(batch.ok());
  const auto pixels = batch->at("x").as<float>();
  const std::vector<float> greys{pixels[0] * 255, pixels[3] * 255, pixels[6] * 255,
                                 pixels[9] * 255};
  for (const std::size_t i : {0, 1, 2, 3})
    EXPECT_NEAR(greys[i], (std::vector{4, 1, 2, 3})[i], 1e-4);
}

TEST_F(ClassFolders, ALimitTakesFromEachClass) {
  for (const char* name : {"a/1.png", "a/2.png", "a/3.png", "b/1.png", "c/1.png", "c/2.png"}) {
    add(name, static_cast<std::uint8_t>(name[0] + name[2]));
  }
  spec_.limit = 5;
  const auto data = open();
  ASSERT_TRUE(data.ok()) << data.error().message();
  EXPECT_EQ(data->annotations().labels, (std::vector<std::int64_t>{0, 0, 1, 2, 2}));
}

TEST_F(ClassFolders, WhatIsNoSetOfClasses) {
  add("a/1.png", 1);
  expect_error({"one class only", "a"});
  std::filesystem::create_directory(spec_.path + "/b");
  expect_error({"holds no images", "set/b"});
  add("b/1.png", 2);
  EXPECT_TRUE(open().ok());
  add("1.png", 3);
  expect_error({"images and folders of images", "1.png and a/1.png"});
}

TEST_F(ClassFolders, LabelsOfAnotherSplit) {
  add("1.png", 1), add("2.png", 2);
  spec_.labels = folder_.file("labels.txt");
  write_bytes(spec_.labels, "other.png 3\n");
  expect_error({"image has no label", "1.png"});
  spec_.shared_labels = true;
  const auto data = open();
  ASSERT_TRUE(data.ok()) << data.error().message();
  EXPECT_TRUE(data->annotations().labels.empty());
  write_bytes(spec_.labels, "1.png 3\n");
  expect_error({"image has no label", "2.png"});
}

TEST_F(CocoFile, FoldersWithout) {
  DataSpec spec = spec_;
  spec.path = folder_.file("set");
  spec.preprocessing.resize = Resize::kNone;
  EXPECT_TRUE(
      is_error(Dataset::open(spec, kImageInput).error(), ErrorKind::kInput, {"b.png", "4 x 2"}));
  write_bytes(folder_.file("set/c.webp"), "RIFF");
  EXPECT_TRUE(
      is_error(Dataset::open(spec, kImageInput).error(), ErrorKind::kUnsupported, {"c.webp"}));
  std::filesystem::create_directory(folder_.file("empty"));
  spec.path = folder_.file("empty");
  EXPECT_TRUE(is_error(Dataset::open(spec, kImageInput).error(), ErrorKind::kInput,
                       {"no images", "empty"}));
}

TEST_F(CocoFile, DamagedImageIsNamedInABatch) {
  const std::string png = read_bytes(folder_.file("set/a.png"));
  write_bytes(folder_.file("set/a.png"), png.substr(0, png.size() - 20));
  const auto data = Dataset::open(spec_, kImageInput);
  ASSERT_TRUE(data.ok()) << data.error().message();
  for (const Error& error : {data->batch(0, 2).error(), data->item_hashes().error()}) {
    EXPECT_TRUE(is_error(error, ErrorKind::kInput, {"a.png", "truncated"}));
  }
}

TEST_F(CocoFile, HalfPrecisionInputsAreRounded) {
  const auto data = Dataset::open(spec_, {{"images", ElementType::kF16, {-1, 3, 2, 2}}});
  ASSERT_TRUE(data.ok()) << data.error().message();
  const auto batch = data->batch(0, 1);
  ASSERT_TRUE(batch.ok()) << batch.error().message();
  EXPECT_EQ(batch->at("images").as<std::uint16_t>()[0],
            0x3266);  // 0.2 = 1.6 * 2^-3, 0.6 * 1024 = 614
}

TEST(CocoZoo, ReportOfYolo) {
  DataSpec spec;
  spec.path = POSITTUNE_ZOO "/yolo/report.json";
  const auto data = Dataset::open(spec, {{"images", ElementType::kF32, {-1, 3, 192, 192}}});
  ASSERT_TRUE(data.ok()) << data.error().message();
  EXPECT_EQ(data->items(), 250u);  // zoo/yolo/CARD.md
  ASSERT_EQ(data->annotations().boxes.size(), 250u);
  // The first annotation of the file: the image is not resized, so the box stays as it is.
  const records::Box& box = data->annotations().boxes[0].at(0);
  EXPECT_EQ(box.x, 65);
  EXPECT_EQ(box.y, 72);
  EXPECT_EQ(box.width, 31.5);
  EXPECT_EQ(box.height, 49.5);
  EXPECT_EQ(box.category, 7);
  const auto batch = data->batch(248, 2);
  ASSERT_TRUE(batch.ok()) << batch.error().message();
  for (const float x : batch->at("images").as<float>()) ASSERT_TRUE(x >= 0 && x <= 1);
}

}  // namespace
}  // namespace posittune::data
