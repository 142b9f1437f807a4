internal import JSON
internal import TestSupport
internal import Testing

struct JSONWritingTests {
    @Test(
        arguments: [
            (nil, "null"), (true, "true"), (false, "false"), (-7, "-7"), (0.5, "0.5"), ([], "[]"), ([:], "{}"),
            (["b": 1, "a": [nil, ["x": ""]]], #"{"b":1,"a":[null,{"x":""}]}"#),
            ("\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}é𝄞", #""\"\\/\u0008\u000c\n\r\t\u0000\u001f"# + "\u{7f}é𝄞\""),
            (["a\"\n": 1], #"{"a\"\n":1}"#),
        ] as [(JSON, String)]
    )
    func writtenTextIsCompact(value: JSON, text: String) {
        #expect(String(decoding: value.bytes, as: UTF8.self) == text)
    }

    @Test func writingAppends() {
        var output = Array("at:".utf8)
        JSON.string("x").write(to: &output)
        JSON.write("y", to: &output)
        #expect(output == Array(#"at:"x""y""#.utf8))
    }

    @Test func writtenValuesRoundTrip() throws {
        var generator = RandomJSON(random: SeededGenerator())
        for _ in 0..<3_000 {
            let value = generator.value()
            #expect(try JSON(parsing: value.bytes) == value, "SEED=\(SeededGenerator.runSeed)")
            #expect(!value.bytes.contains(UInt8(ascii: "\n")), "SEED=\(SeededGenerator.runSeed)")
        }
    }

    @Test func otherSpellingsParseToTheSameValue() throws {
        var generator = RandomJSON(random: SeededGenerator())
        for _ in 0..<1_000 {
            let value = generator.value()
            let text = generator.sprawling(value)
            #expect(try JSON(parsing: text.utf8) == value, "SEED=\(SeededGenerator.runSeed)")
        }
    }

    /// No prefix of an object is valid, so a truncated file is never read as a shorter one.
    @Test func truncatedObjectsAreRejected() {
        var generator = RandomJSON(random: SeededGenerator())
        for _ in 0..<100 {
            let bytes = generator.object().bytes
            for count in bytes.indices {
                #expect(throws: JSONError.self, "SEED=\(SeededGenerator.runSeed)") {
                    try JSON(parsing: bytes.prefix(count))
                }
            }
        }
    }
}
