import Testing

@testable import API

struct FormFieldsTests {
    static let readings: [(String, [String])] = [
        ("", []),
        ("a=1&b=2", ["a", "1", "b", "2"]),
        ("name=my+pkg+%26+co", ["name", "my pkg & co"]),
        ("name=a%20b+c", ["name", "a b c"]),
        ("sender.name=x", ["sender.name", "x"]),
        ("a%3Db=c=d", ["a=b", "c=d"]),
        ("flag", ["flag", ""]),
        ("&&a=1&", ["a", "1"]),
        ("a=%E4%B8%96", ["a", "世"]),
        ("a=%2", ["a", "%2"]),
        ("a=%zz%", ["a", "%zz%"]),
        ("a=%ff", ["a", "\u{FFFD}"]),
        ("a=%2B%2b", ["a", "++"]),
    ]

    @Test(arguments: readings)
    func fieldsAreDecoded(_ text: String, _ expected: [String]) {
        #expect(FormFields(parsing: text.utf8).elements.flatMap { [$0.name, $0.value] } == expected)
    }

    @Test func firstFieldOfARepeatedNameCounts() {
        let fields = FormFields(parsing: "a=1&a=2".utf8)
        #expect(fields["a"] == "1")
        #expect(fields["b"] == nil)
    }

    @Test func plusInAPathIsLiteral() {
        #expect(String(percentDecoding: "a+b%20c".utf8, plusIsSpace: false) == "a+b c")
    }
}
