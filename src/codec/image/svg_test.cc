#include "codec/image/svg.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sp::codec::image {
namespace {

std::string svg(std::string_view content, std::string_view attributes = {}) {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" " + std::string(attributes) + ">" + std::string(content) + "</svg>";
}

struct Row {
  std::string name, text;
};
class Harmless : public ::testing::TestWithParam<Row> {};
TEST_P(Harmless, passes) {
  const auto fault = svg_fault(GetParam().text);
  EXPECT_FALSE(fault.has_value()) << *fault;
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Harmless,
    ::testing::ValuesIn(std::vector<Row>{
        {"shapes", svg("<g fill='red'><rect width=\"10\" height='5'/><path d=\"M0 0\"/></g>")},
        {"declaration", "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- x -->\n" + svg("") + "\n"},
        {"gradient", svg("<defs><linearGradient id='a'><stop offset='0'/></linearGradient></defs><rect "
                         "fill=\"url(#a)\" style=\"stroke: url( '#a' )\"/>")},
        {"reference_in_an_attribute", svg("<rect fill='url(&quot;#a&quot;)'/>")},
        {"use", svg("<use xlink:href=\"#a\" href='#b'/>", "xmlns:xlink=\"http://www.w3.org/1999/xlink\"")},
        {"style", svg("<style>.a { fill: red; } @media print { .a { fill: url(#b) } }</style>")},
        {"text", svg("<text>1 &lt; 2 &amp; &#228; \xc3\xa4</text>")},
        {"notes",
         svg("<sodipodi:namedview id='x'/><metadata><rdf:RDF><cc:Work/></rdf:RDF></metadata>",
             "xmlns:svg=\"http://www.w3.org/2000/svg\" xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"")},
        {"picture_as_data", svg("<image href=\"data:image/png;base64,AAAA\"/>")},
        {"animation", svg("<rect><animate attributeName='x' to='1'/></rect>")},
    }),
    [](const auto& info) { return info.param.name; });

class Harmful : public ::testing::TestWithParam<Row> {};
TEST_P(Harmful, is_refused) { EXPECT_TRUE(svg_fault(GetParam().text).has_value()); }
INSTANTIATE_TEST_SUITE_P(Rows, Harmful,
                         ::testing::ValuesIn(std::vector<Row>{
                             {"script", svg("<script>alert(1)</script>")},
                             {"script_of_a_prefix", svg("<x:script/>", "xmlns:x=\"http://www.w3.org/2000/svg\"")},
                             {"script_of_svg", svg("<svg:script/>", "xmlns:svg=\"http://www.w3.org/2000/svg\"")},
                             {"script_in_notes", svg("<cc:script/>", "xmlns:cc=\"http://www.w3.org/2000/svg\"")},
                             {"notes_of_html", svg("<cc:script/>", "xmlns:cc=\"http://www.w3.org/1999/xhtml\"")},
                             {"html_inside", svg("<g xmlns=\"http://www.w3.org/1999/xhtml\"/>")},
                             {"another_namespace", "<svg xmlns=\"http://www.w3.org/1999/xhtml\"/>"},
                             {"an_encoded_namespace", svg("<g xmlns=\"http://www.w3.org/1999/&#120;html\"/>")},
                             {"event_handler", svg("", "onload=\"alert(1)\"")},
                             {"event_handler_in_upper_case", svg("", "ONLOAD=\"alert(1)\"")},
                             {"foreign_object", svg("<foreignObject/>")},
                             {"link", svg("<a href='#x'/>")},
                             {"reference", svg("<use href=\"https://evil.example/x.svg#a\"/>")},
                             {"relative_reference", svg("<use href=\"x.svg#a\"/>")},
                             {"image", svg("<image href=\"https://evil.example/x.png\"/>")},
                             {"svg_as_data", svg("<image href=\"data:image/svg+xml;base64,AAAA\"/>")},
                             {"javascript", svg("<use xlink:href=\"javascript:alert(1)\"/>")},
                             {"base", svg("", "xml:base=\"https://evil.example/\"")},
                             {"style_that_fetches", svg("<style>.a { fill: url(https://evil.example/) }</style>")},
                             {"style_with_space", svg("<style>.a { fill: url( \n\"//evil.example/\") }</style>")},
                             {"style_in_upper_case", svg("<style>.a { fill: URL(//evil.example/) }</style>")},
                             {"style_import", svg("<style>@IMPORT '//evil.example/';</style>")},
                             {"style_escapes", svg("<style>.a { fill: \\75rl(//evil.example/) }</style>")},
                             {"style_references", svg("<style>&#64;import '//evil.example/';</style>")},
                             {"style_in_parts", svg("<style>.a { fill: ur<!-- -->l(//evil.example/) }</style>")},
                             {"style_cut_short", svg("<style>.a { fill: url(</style>")},
                             {"style_attribute", svg("<g style=\"fill: url(//evil.example/)\"/>")},
                             {"style_attribute_in_disguise", svg("<g style=\"fill: &#117;rl(//evil.example/)\"/>")},
                             {"presentation_attribute", svg("<g fill=\"url(//evil.example/)\"/>")},
                             {"animated_reference",
                              svg("<use><animate attributeName=\"xlink:href\" to=\"#x\"/></use>")},
                             {"set", svg("<set attributeName=\"onload\" to=\"x\"/>")},
                             {"doctype", "<!DOCTYPE svg PUBLIC \"x\" \"y\">" + svg("")},
                             {"entities", "<!DOCTYPE svg [<!ENTITY a \"b\">]>" + svg("&a;")},
                             {"entity", svg("&a;")},
                             {"cdata", svg("<style><![CDATA[@import 'x']]></style>")},
                             {"stylesheet", "<?xml-stylesheet href='//evil.example/'?>" + svg("")},
                             {"instruction", svg("<?php ?>")},
                             {"another_encoding", "<?xml version='1.0' encoding='UTF-7'?>" + svg("")},
                             {"no_utf8", svg("\xff")},
                             {"overlong_utf8", svg("\xc0\xbc")},
                             {"control_character", svg(std::string("\0", 1))},
                             {"unclosed", "<svg xmlns=\"http://www.w3.org/2000/svg\"><g></svg>"},
                             {"crossed", svg("<g><text></g></text>")},
                             {"not_ended", "<svg xmlns=\"http://www.w3.org/2000/svg\">"},
                             {"two_roots", svg("") + svg("")},
                             {"text_behind", svg("") + "x"},
                             {"html", "<html/>"},
                             {"nothing", ""},
                             {"attribute_twice", svg("", "id='a' id='b'")},
                             {"attribute_without_quotes", svg("", "id=a")},
                             {"attributes_without_space", svg("", "id='a'x='b'")},
                             {"tag_in_attribute", svg("", "id='<'")},
                             {"comment_in_comment", svg("<!-- -- -->")},
                             {"deep",
                              [] {
                                std::string open, close;
                                for (int i = 0; i < 200; ++i) {
                                  open += "<g>";
                                  close += "</g>";
                                }
                                return svg(open + close);
                              }()},
                             {"many_uses",
                              [] {
                                std::string uses;
                                for (int i = 0; i < 33; ++i) uses += "<use href='#a'/>";
                                return svg(uses);
                              }()},
                         }),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace sp::codec::image
