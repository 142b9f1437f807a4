package import Index
internal import JSON
package import Store

extension Query {
    /// Reads sorting and paging from the text of their headers; nil where a header is absent.
    ///
    /// As on the official server no text is an error: a limit that is not a positive number is no limit, and any order but
    /// `asc` is descending. Source: docs/API.md, "Lists, counts, filters".
    package init(
        _ filter: Filter,
        of resource: Resource,
        sortKey: String?,
        sortOrder: String?,
        skip: String?,
        limit: String?
    ) {
        self.init(
            filter: filter,
            sortKey: sortKey.flatMap { $0.isEmpty ? nil : resource.path($0) },
            ascending: sortOrder?.lowercased() == "asc",
            skip: skip.flatMap { Int(positive: $0) } ?? 0,
            limit: limit.flatMap { Int(positive: $0) }
        )
    }
}

extension Int {
    /// Reads decimal digits with blanks around them; nil for zero and for any other text.
    package init?(positive text: String) {
        guard let number = Int64(decimal: text.trimmingSpaces), number > 0 else { return nil }
        self.init(number)
    }
}
