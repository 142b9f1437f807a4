package import JSON

extension Timestamp {
    /// Parses a time stamp of an imported document: a text as in the API, seconds since 1970, or a date of RFC 1123, as
    /// FEDn's REST API returns it.
    package init?(importedValue value: JSON) {
        if let text = value.string {
            guard let time = Timestamp(parsing: text) ?? Timestamp(parsingRFC1123: text) else { return nil }
            self = time
        } else {
            guard let seconds = value.double, seconds.magnitude < 1e12 else { return nil }
            self.init(microseconds: Int64((seconds * 1_000_000).rounded()))
        }
    }

    /// Shape: `Mon, 23 Nov 2026 19:36:20 GMT`; the name of the day is not verified.
    private init?(parsingRFC1123 text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].last == ",", parts[5] == "GMT",
            let month = Self.months.firstIndex(of: String(parts[2]))
        else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        self.init(parsing: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
