internal import Catalog
internal import HTTPTypes
internal import JSON
internal import Store

extension Query {
    /// Reads sorting and paging from the `X-` headers.
    ///
    /// They are as forgiving as the official server: a limit that is no positive number is no limit, anything but
    /// `asc` is descending. Source: docs/API.md, "Lists, counts, filters".
    init(filter: Filter, headers: HTTPFields, of resource: Resource) {
        self.init(
            filter: filter,
            sortKey: headers[.sortKey].flatMap { $0.isEmpty ? nil : resource.path($0) },
            ascending: headers[.sortOrder]?.lowercased() == "asc",
            skip: headers.positiveNumber(.skip) ?? 0,
            limit: headers.positiveNumber(.limit)
        )
    }
}

extension HTTPFields {
    /// The header's value as a number above zero; nil where it is absent or anything else.
    func positiveNumber(_ name: HTTPField.Name) -> Int? {
        self[name].flatMap { Int64(decimal: $0.trimmingSpaces) }.flatMap { $0 > 0 ? Int($0) : nil }
    }
}
