import JSON
import Testing

@testable import Inspection

struct TerminalTextTests {
    @Test(arguments: [
        ("plain text, 10 %", "plain text, 10 %"), ("Umeå 模型 💡 e\u{301}", "Umeå 模型 💡 e\u{301}"), ("", ""),
        ("a\u{1B}]0;title\u{7}b", #"a\u001b]0;title\u0007b"#), ("a\nb\r\nc\t", #"a\u000ab\u000d\u000ac\u0009"#),
        ("\u{7F}\u{80}\u{9B}2J\u{9F}\u{A0}", "\\u007f\\u0080\\u009b2J\\u009f\u{A0}"),
        ("a\u{202E}b\u{2066}c\u{200F}\u{61C}\u{2028}", #"a\u202eb\u2066c\u200f\u061c\u2028"#),
    ])
    func charactersThatATerminalObeysAreEscaped(_ text: String, _ escaped: String) {
        #expect(text.escapedForTerminal == escaped)
    }

    @Test func escapedJSONHasTheSameValues() throws {
        let json: JSON = ["name\u{9B}": .string("a\u{1B}[2J\u{7F}\u{85}\u{202E}\\ \"é\u{2029}")]
        let text = String(decoding: json.bytes, as: UTF8.self).escapedForTerminal
        #expect(try JSON(parsing: text.utf8) == json)
        #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control })
    }
}
