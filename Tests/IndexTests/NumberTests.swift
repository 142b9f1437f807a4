import Testing

@testable import Index

struct NumberTests {
    private func number(_ text: String) -> Number? {
        var text = text
        return text.withUTF8 { Number(spelling: UnsafeRawBufferPointer($0)) }
    }

    @Test(arguments: ["0", "-0", "7", "-12", "1.5", "1e3", "1E+3", "1e-3", "-0.5e10", "123456789012345678901234567890"])
    func jsonNumberIsParsed(_ text: String) {
        #expect(number(text) != nil)
    }

    @Test(arguments: [
        "", "-", "+1", "007", "01", ".5", "1.", "1e", "1e+", "0x10", "nan", "inf", " 1", "1 ", "1,5", "1_000",
    ])
    func otherTextIsNoNumber(_ text: String) {
        #expect(number(text) == nil)
    }

    @Test(arguments: [("1", "1.0"), ("1", "1e0"), ("1000", "1e3"), ("-0", "0"), ("0.1", "1e-1"), ("1e400", "1e500")])
    func spellingsOfOneValueAreEqual(_ left: String, _ right: String) {
        #expect(number(left) == number(right))
    }

    /// Each is smaller than the next one, although many adjacent ones are equal as doubles.
    @Test func orderIsExact() throws {
        let texts = [
            "-1e400", "-9223372036854775809e3", "-9223372036854775808", "-9223372036854775807", "-1.5", "-1", "-0.5",
            "0",
            "0.5", "1", "9007199254740992", "9007199254740993", "9007199254740994", "9223372036854775806",
            "9223372036854775807", "9223372036854775808", "1e19", "1e400",
        ]
        let numbers = try texts.map { try #require(number($0)) }
        for left in numbers.indices {
            for right in numbers.indices {
                #expect((numbers[left] < numbers[right]) == (left < right), "\(texts[left]) < \(texts[right])")
            }
        }
    }
}
