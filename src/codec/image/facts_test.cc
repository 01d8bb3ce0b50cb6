#include "codec/image/facts.h"

#include <gtest/gtest.h>

#include <vector>

#include "codec/image/pictures_for_tests.h"

namespace sp::codec::image {
namespace {

struct Row {
  std::string name, octets;
  Format format;
  std::uint64_t frame, all;
};
class Pictures : public ::testing::TestWithParam<Row> {};

TEST_P(Pictures, are_known_and_measured) {
  const auto facts = read_facts(GetParam().octets);
  ASSERT_TRUE(facts);
  EXPECT_EQ(media_type(facts->format), media_type(GetParam().format));
  EXPECT_EQ(facts->frame_pixels, GetParam().frame);
  EXPECT_EQ(facts->all_pixels, GetParam().all);
}

// Whatever is missing at the end: nothing is read beyond it, and nothing is measured smaller.
TEST_P(Pictures, that_are_cut_off_are_no_smaller_ones) {
  const std::string& octets = GetParam().octets;
  for (std::size_t size = 0; size < octets.size(); ++size) {
    const std::string cut = octets.substr(0, size);
    const auto facts = read_facts(cut);
    if (!facts || facts->format != Format::png) continue;
    EXPECT_EQ(facts->all_pixels, GetParam().all) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Pictures,
    ::testing::ValuesIn(std::vector<Row>{
        {"png", png(30, 20), Format::png, 600, 600},
        {"png_of_any_size", png(0xffffffff, 0xffffffff), Format::png, 0xfffffffe00000001, 0xfffffffe00000001},
        {"png_with_notes", png(30, 20, png_chunk("tEXt", "hello")), Format::png, 600, 600},
        {"apng", png(30, 20, png_chunk("acTL", be(5, 4) + be(0, 4))), Format::png, 600, 3000},
        {"apng_of_any_number", png(0xffffffff, 0xffffffff, png_chunk("acTL", be(0xffffffff, 4) + be(0, 4))),
         Format::png, 0xfffffffe00000001, UINT64_MAX},
        {"jpeg", jpeg(30, 20), Format::jpeg, 600, 600},
        {"progressive_jpeg", jpeg(30, 20, "\xc2"), Format::jpeg, 600, 600},
        {"gif", gif(30, 20, gif_frame(0, 30, 20)), Format::gif, 600, 600},
        {"animated_gif", gif(30, 20, gif_frame(0, 30, 20) + gif_frame(0, 10, 10)), Format::gif, 600, 1200},
        {"gif_with_a_frame_beyond_its_screen", gif(30, 20, gif_frame(20, 30, 20)), Format::gif, 1000, 1000},
        {"webp_lossy", webp(webp_lossy(30, 20)), Format::webp, 600, 600},
        {"webp_lossless", webp(webp_lossless(30, 20)), Format::webp, 600, 600},
        {"webp_with_canvas", webp(webp_canvas(40, 20) + webp_lossy(30, 20)), Format::webp, 800, 800},
        {"animated_webp", webp(webp_canvas(30, 20) + webp_frame(30, 20) + webp_frame(1, 1)), Format::webp, 600, 1200},
        {"avif", avif(30, 20), Format::avif, 600, 600},
        {"bmp", bmp(30, 20), Format::bmp, 600, 600},
        {"bmp_from_the_top", bmp(30, -20), Format::bmp, 600, 600},
        {"bmp_of_any_size", bmp(0x7fffffff, INT32_MIN), Format::bmp, 0x7fffffffULL << 31, 0x7fffffffULL << 31},
        {"ico", ico(bitmap(16, 32)), Format::ico, 512, 512},
        {"ico_whose_png_is_larger_than_it_says", ico(png(3000, 2000)), Format::ico, 6'000'000, 6'000'000},
        {"svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>", Format::svg, 0, 0},
        {"svg_with_declaration", "\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x -->\n<svg/>", Format::svg, 0, 0},
    }),
    [](const auto& info) { return info.param.name; });

struct NoPicture {
  std::string name, octets;
};
class NoPictures : public ::testing::TestWithParam<NoPicture> {};
TEST_P(NoPictures, are_none) { EXPECT_FALSE(read_facts(GetParam().octets)); }
INSTANTIATE_TEST_SUITE_P(Rows, NoPictures,
                         ::testing::ValuesIn(std::vector<NoPicture>{
                             {"nothing", ""},
                             {"html", "<!DOCTYPE html><html><body><svg/></body></html>"},
                             {"html_behind_a_comment", "<!-- <svg> --><html>"},
                             {"text", "hello"},
                             {"json", "{}"},
                             {"png_signature_alone", "\x89PNG\r\n\x1a\n"},
                             {"png_without_width", png(0, 20)},
                             {"png_without_content", "\x89PNG\r\n\x1a\n"s + png_chunk("IHDR", le(0, 13))},
                             {"png_with_another_beginning", "\x89PNG\r\n\x1a\n"s + png_chunk("IDAT", le(0, 13))},
                             {"jpeg_without_frame", "\xff\xd8\xff\xda"},
                             {"jpeg_whose_height_follows", jpeg(30, 0)},
                             {"jpeg_with_a_length_of_0", "\xff\xd8\xff\xe0\0\0"s},
                             {"gif_without_frame", gif(30, 20, "")},
                             {"webp_without_picture", webp(webp_canvas(30, 20))},
                             {"wav", "RIFF"s + le(4, 4) + "WAVE"},
                             {"heic", avif(30, 20, "heicmif1")},
                             {"avif_that_moves", avif(30, 20) + box("moov", "x")},
                             {"avif_without_size", box("ftyp", "avif\0\0\0\0"s)},
                             {"bmp_without_width", bmp(0, 20)},
                             {"bmp_of_negative_width", bmp(0x80000000, 20)},
                             {"bmp_of_another_header", "BM"s + le(0, 12) + le(41 << 8, 4) + le(0, 40)},
                             {"ico_beyond_its_end", ico("").replace(14, 4, le(100, 4))},
                             {"ico_of_nothing", "\0\0\1\0\0\0"s},
                             {"ico_of_too_many", "\0\0\1\0\xff\xff"s + std::string(2000, '\0')},
                             {"pdf", "%PDF-1.7"},
                             {"elf",
                              "\x7f"
                              "ELF"},
                         }),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace sp::codec::image
