import Testing

@testable import JSON

struct JSONMistakeTests {
    private static let frequent: [(String, JSONMistake)] = [
        (#"{"value":NaN}"#, .notANumber), (#"{"value":nan}"#, .notANumber), (#"[-Infinity]"#, .notANumber),
        ("Infinity", .notANumber), ("[1, inf]", .notANumber), (#"{"a":True}"#, .foreignConstant),
        ("[None]", .foreignConstant), ("[undefined]", .foreignConstant), ("{'a':1}", .quotes), ("{a:1}", .quotes),
        (#"{"a":1,b:2}"#, .quotes), ("{“a”:1}", .quotes), ("“a”", .quotes), (#"{"a":1,}"#, .trailingComma),
        ("[1, \n]", .trailingComma), (#"{"a":1 "b":2}"#, .missingSeparator), (#"["a" "b"]"#, .missingSeparator),
        (#"{"a" {}}"#, .missingSeparator), ("[1 /* one */]", .comment), ("[1, # one\n2]", .comment),
        ("--boundary\r\nContent-Disposition: form-data", .multipart), ("<html></html>", .markup),
        ("\u{1E}{\"a\":1}", .recordSeparators),
        ("{\0\"\0", .utf16),
    ]

    @Test(arguments: frequent)
    func frequentMistakeIsNamedWithItsRemedy(_ text: String, _ mistake: JSONMistake) throws {
        let error = try #require(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
        guard case .unexpectedByte(_, mistake) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(error.message.hasSuffix("; \(mistake.remedy)"))
        #expect("\(error)" == error.message)
    }

    @Test(
        arguments: [
            ([0xFF, 0xFE, 0x7B, 0x00], JSONMistake.utf16), ([0xFE, 0xFF, 0x00, 0x7B], .utf16),
            ([0x00, 0x7B, 0x00, 0x22], .utf16),
            ([0x93, 0x4E, 0x55, 0x4D], .binary), ([0x1F, 0x8B, 0x08, 0x00], .binary),
            ([0x00, 0x00, 0x00, 0x01], .binary),
        ] as [([UInt8], JSONMistake)]
    )
    func otherFormatIsRecognised(_ bytes: [UInt8], _ mistake: JSONMistake) throws {
        #expect(throws: JSONError.unexpectedByte(offset: 0, mistake)) { try JSON(parsing: bytes) }
    }

    @Test(arguments: ["*", "[1:2]", "\"\t\"", "1e+-1", "[1.]", "\u{c}1"])
    func rareMistakeIsNotNamed(_ text: String) throws {
        let error = try #require(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
        guard case .unexpectedByte(_, nil) = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test func everyMistakeIsTried() {
        #expect(Set(Self.frequent.map(\.1)).union([.binary]) == Set(JSONMistake.allCases))
    }
}
