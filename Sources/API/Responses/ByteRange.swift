internal import JSON

/// The range of a file that a request asks for.
///
/// Shape of the header: `Range: bytes=0-499`, `bytes=500-` or `bytes=-500` (the last 500).
///
/// Several ranges in one request are answered with the whole file, which RFC 9110 allows: no known client sends them,
/// so a multipart response would be an unused format. Source: RFC 9110, sections 14.1.2 and 14.2.
package enum ByteRange: Sendable, Hashable {
    /// No range, or one that must be ignored: another unit, a malformed header, several ranges.
    case whole
    /// These bytes of the file; never empty.
    case part(Range<Int64>)
    /// A range that starts past the end of the file: 416.
    case unsatisfiable

    /// Reads a `Range` header against a file of `byteCount` bytes.
    package init(header: String?, byteCount: Int64) {
        self = .whole
        guard let header, header.utf8.count < 128 else { return }
        let parts = header.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bytes", !parts[1].contains(",") else { return }
        let bounds = parts[1].trimmingSpaces.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard bounds.count == 2 else { return }
        switch (Int64(decimal: bounds[0]), Int64(decimal: bounds[1])) {
        case (let first?, let last?):
            guard first <= last else { return }
            self = first < byteCount ? .part(first..<min(last, byteCount - 1) + 1) : .unsatisfiable
        case (let first?, nil):
            guard bounds[1].isEmpty else { return }
            self = first < byteCount ? .part(first..<byteCount) : .unsatisfiable
        case (nil, let suffix?):
            guard bounds[0].isEmpty else { return }
            self = suffix > 0 && byteCount > 0 ? .part(max(0, byteCount - suffix)..<byteCount) : .unsatisfiable
        case (nil, nil):
            return
        }
    }
}

/// The entity tags of a conditional request.
///
/// Shape: `"9f86d0…"`, `W/"…"`, `"a", "b"` or `*`.
package struct EntityTags: Sendable {
    private let isAny: Bool
    private let tags: [Substring]

    package init(header: String) {
        isAny = header.trimmingSpaces == "*"
        tags = header.split(separator: ",").map(\.trimmingSpaces)
    }

    /// Whether `If-None-Match` names the file with this strong tag; the weak comparison of RFC 9110, section 8.8.3.2.
    package func matchesWeakly(_ tag: String) -> Bool {
        isAny || tags.contains { $0 == tag || $0 == "W/\(tag)" }
    }

    /// Whether `If-Range` names the file with this strong tag; a weak tag or a date never does.
    ///
    /// Dates are ignored because a blob's tag is its SHA-256, which is more precise than a time in seconds; the client
    /// then gets the whole file, which is always correct.
    package func matchesStrongly(_ tag: String) -> Bool {
        tags.count == 1 && tags[0] == tag
    }
}
