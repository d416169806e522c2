// What a session says of a model of the zoo.

#include "posittune/session/inspect.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "posittune/session/session.h"
#include "tests/model/models.h"

namespace posittune::session {
namespace {

records::Inspection inspect(const InspectOptions& options) {
  Observer silent;
  auto session = Session::open({.model = test::zoo("albert")}, {}, silent);
  EXPECT_TRUE(session.ok());
  auto found = session->inspect(options);
  EXPECT_TRUE(found.ok()) << found.error().message();
  return *found;
}

bool notes_shapes(const records::Inspection& found) {
  return std::ranges::any_of(found.notes, [](const std::string& note) {
    return note.find("`shapes` gives others") != std::string::npos;
  });
}

TEST(Inspect, ShapesCloseOpenDimensions) {
  const records::Inspection one = inspect({});
  EXPECT_TRUE(notes_shapes(one));
  std::map<std::string, TensorShape> shapes;
  for (const char* input : {"input_ids", "attention_mask"}) shapes[input] = {1, 8};
  const records::Inspection eight = inspect({.shapes = shapes});
  EXPECT_FALSE(notes_shapes(eight));
  ASSERT_EQ(one.rows.size(), eight.rows.size());
  for (std::size_t i = 0; i < one.rows.size(); ++i) {
    ASSERT_TRUE(one.rows[i].macs && eight.rows[i].macs) << one.rows[i].name;
    EXPECT_GE(*eight.rows[i].macs, *one.rows[i].macs) << one.rows[i].name;
  }
}

}  // namespace
}  // namespace posittune::session
