internal import Catalog
internal import HTTPTypes
internal import Index
internal import Store

extension Query {
    /// Reads sorting and paging from the `X-` headers.
    init(filter: Filter, headers: HTTPFields, of resource: Resource) {
        self.init(
            filter,
            of: resource,
            sortKey: headers[.sortKey],
            sortOrder: headers[.sortOrder],
            skip: headers[.skip],
            limit: headers[.limit]
        )
    }
}

extension RequestedFilter {
    /// Returns the query with the sorting and paging of the headers, and the warnings about both.
    func query(headers: HTTPFields, of resource: Resource) -> (query: Query, warnings: [String]) {
        var requested = self
        requested.check(sortKey: headers[.sortKey], of: resource)
        return (Query(filter: filter, headers: headers, of: resource), requested.warnings.texts)
    }
}

extension HTTPFields {
    /// The header's value as a number above zero; nil if it is missing or invalid.
    func positiveNumber(_ name: HTTPField.Name) -> Int? {
        self[name].flatMap { Int(positive: $0) }
    }
}
