package import JSON

extension Timestamp {
    /// Reads a time in a document: text in any notation that ``init(parsing:)`` knows, or a number as a Unix time.
    package init?(value: JSON) {
        switch value {
        case .string(let text): self.init(parsing: text)
        case .number(let number): self.init(unixTime: number)
        case .null, .bool, .array, .object: return nil
        }
    }

    /// Reads a time in a URL or on the command line, where a Unix time is text, too; blanks around it are ignored.
    package init?(parameter text: String) {
        let text = text.trimmingSpaces
        if let number = (try? JSON(parsing: text.utf8))?.number {
            self.init(unixTime: number)
        } else {
            self.init(parsing: text)
        }
    }

    /// The instant so many seconds after 1970, rounded to microseconds; nil outside of the years 1 to 9999.
    private init?(unixTime number: JSONNumber) {
        guard let seconds = number.double, (-62_135_596_800..<253_402_300_800).contains(seconds) else { return nil }
        self.init(microseconds: Int64((seconds * 1_000_000).rounded()))
    }

    /// The notations of a time that clients may send, for errors.
    package static let accepted = """
        2026-11-23T19:16:04Z, 2026-11-23T19:16+01:00, 2026-11-23, Mon, 23 Nov 2026 19:16:04 GMT, or seconds since 1970
        """
}
