package import Index

/// The conditions of a request, and warnings about those that are probably mistakes.
package struct RequestedFilter: Sendable, Hashable {
    package var filter = Filter()
    package internal(set) var warnings = FilterWarnings()

    package init() {}
}

/// Warnings about conditions, as sentences for the client; they are bounded in number and length.
package struct FilterWarnings: Sendable, Hashable {
    private static let countMax = 16

    private var kept: [String] = []
    private var omittedCount = 0

    /// The warnings, and how many others there are.
    package var texts: [String] {
        omittedCount > 0 ? kept + ["\(omittedCount) more warnings"] : kept
    }

    /// Adds a warning; the text of one that is not kept is never made.
    mutating func add(_ text: @autoclosure () -> String) {
        if kept.count < Self.countMax { kept.append(text()) } else { omittedCount += 1 }
    }
}

extension RequestedFilter {
    /// Warns about a field to sort by that no document has.
    package mutating func check(sortKey: String?, of resource: Resource) {
        guard let sortKey, !sortKey.isEmpty, case .nothing = resource.content(at: resource.path(sortKey)) else {
            return
        }
        warnings.add("\(resource.unknownField(sortKey)) (X-Sort-Key)")
    }
}

extension Resource {
    /// The warning about a field that no document has.
    func unknownField(_ name: String) -> String {
        let fact = "\(self.name) has no field \(name.quoted)"
        if let remedy = Self.remedies.first(where: { $0.names.contains(name) })?.remedy { return "\(fact); \(remedy)" }
        return suggestion(for: name).map { "\(fact); did you mean '\($0)'?" } ?? fact
    }

    /// The warning about an operator that does not exist.
    static func unknownOperator(_ name: String, of field: String) -> String {
        let remedy =
            name == "in"
            ? "send alternatives as a list in the body of a POST"
            : "the operators are __eq, __ne, __gt, __gte, __lt and __lte"
        return "the condition on \(field.quoted) is ignored because it has no operator \("__\(name)".quoted); \(remedy)"
    }

    /// What is sent in another place, under the names that other APIs have for it.
    private static let remedies: [(names: Set<String>, remedy: String)] = [
        (
            ["limit", "skip", "offset", "page", "page_size", "per_page", "size"],
            "page with the headers X-Limit and X-Skip"
        ),
        (
            ["sort", "sort_by", "sort_key", "sort_order", "order", "order_by", "ordering"],
            "sort with the headers X-Sort-Key and X-Sort-Order"
        ),
        (["explain"], "explain=1 belongs in the URL"),
    ]

    /// The field that was probably meant: the member with this name, or a name that is one or two edits away.
    private func suggestion(for name: String) -> String? {
        if ["id", "_id"].contains(name) { return key }
        let names = fields.flatMap(\.paths) + Self.stamps + aliases.keys.sorted()
        if let member = names.first(where: { $0.hasSuffix(".\(name)") }) { return member }
        let editCountMax = name.utf8.count > 3 ? 2 : 1
        guard name.utf8.count <= 64 else { return nil }
        let near = names.map { (name: $0, editCount: $0.editCount(to: name)) }.min { $0.editCount < $1.editCount }
        return near.flatMap { $0.editCount <= editCountMax ? $0.name : nil }
    }
}

extension Field {
    /// The dotted names of the field and its declared members.
    fileprivate var paths: [String] {
        let memberNames = kind == .nodeRef ? Self.nodeRefMembers : members.flatMap(\.paths)
        return [name] + memberNames.map { "\(name).\($0)" }
    }
}

extension String {
    /// The text in quotation marks, shortened to a length that fits a message.
    var quoted: String { "'\(count > 60 ? prefix(57) + "..." : self[...])'" }

    /// The number of insertions, deletions, replacements and swaps of neighbours between two short texts.
    fileprivate func editCount(to other: String) -> Int {
        let (left, right) = (Array(utf8), Array(other.utf8))
        var rows = [Array(0...right.count)]
        for (i, byte) in left.enumerated() {
            var row = [i + 1]
            for (j, otherByte) in right.enumerated() {
                var best = Swift.min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (byte == otherByte ? 0 : 1))
                if i > 0, j > 0, byte == right[j - 1], left[i - 1] == otherByte {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
