import JSON
import Testing

@testable import Index

struct ScalarTests {
    @Test func stringsAreParsedByTheirContent() {
        #expect(Scalar(string: "7") == .numeral(.whole(7), Text("7")))
        #expect(Scalar(string: "7.0") == .numeral(.whole(7), Text("7.0")))
        #expect(Scalar(string: "7.0") != Scalar(string: "7"))
        #expect(Scalar(string: "1970-01-01T00:00:01Z") == .instant(Timestamp(microseconds: 1_000_000)))
        #expect(Scalar(string: "1970-01-01 01:00:01+01:00") == Scalar(string: "1970-01-01T00:00:01Z"))
        #expect(Scalar(string: "1970-01-01") == .instant(Timestamp(microseconds: 0)))
        for text in ["", "idle", "null", "true", "2026-13-01", "2026-11-23T25:00:00", "007", "1 2"] {
            #expect(Scalar(string: text) == .text(Text(text)))
        }
    }

    /// The documented order, one example after the other; those on one line are equal in order.
    @Test func orderMatchesTheDocumentation() {
        let classes: [[Scalar]] = [
            [.null],
            [.bool(false)],
            [.bool(true)],
            [.number(.real(-0.5))],
            [.number(.whole(9)), Scalar(string: "9"), Scalar(string: "9.0")],
            [Scalar(string: "10"), .number(.whole(10))],
            [Scalar(string: "2026-11-23"), Scalar(string: "2026-11-23T00:00:00Z")],
            [Scalar(string: "2026-11-24")],
            [Scalar(string: "")],
            [Scalar(string: "B")],
            [Scalar(string: "a")],
            [Scalar(string: "aa")],
            [Scalar(string: "é")],
        ]
        for (left, lefts) in classes.enumerated() {
            for (right, rights) in classes.enumerated() {
                for leftValue in lefts {
                    for rightValue in rights {
                        #expect(leftValue.precedes(rightValue) == (left < right), "\(leftValue), \(rightValue)")
                    }
                }
            }
        }
    }

    /// They are canonically equivalent, so Swift's strings are equal.
    @Test func canonicallyEquivalentTextsDiffer() {
        let composed = Text("caf\u{e9}")
        let decomposed = Text("cafe\u{301}")
        #expect(composed != decomposed)
        #expect(decomposed < composed)
        #expect(Set([composed, decomposed]).count == 2)
    }
}
