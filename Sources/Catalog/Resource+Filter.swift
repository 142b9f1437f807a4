package import JSON
package import Store

extension Resource {
    /// The filter that the parameters of a URL stand for.
    package func filter(query parameters: some Sequence<(name: String, value: String)>) -> Filter {
        resolved(Filter(query: parameters.map { ($0.name, reading(ofFilter: $0.name).text($0.value)) }))
    }

    /// The filter that a form body stands for: a comma means any of.
    package func filter(form fields: some Sequence<(name: String, value: String)>) -> Filter {
        resolved(Filter(form: fields.map { ($0.name, reading(ofFilter: $0.name).alternatives($0.value)) }))
    }

    /// The filter that a JSON body stands for: a comma or an array means any of.
    package func filter(body: JSON) -> Filter {
        guard case .object(var object) = body else { return Filter() }
        for (name, value) in object { object[name] = reading(ofFilter: name).json(value) }
        return resolved(Filter(body: .object(object)))
    }

    private func reading(ofFilter name: String) -> Reading {
        let suffix = ["__eq", "__ne", "__gt", "__gte", "__lt", "__lte"].first(where: name.hasSuffix) ?? ""
        let field = String(name.dropLast(suffix.count))
        if Self.stamps.contains(field) { return .instant }
        for declared in fields {
            if declared.kind == .timestamp, declared.name == field { return .instant }
            if declared.kind == .nodeRef, "\(declared.name).role" == field { return .role }
        }
        return .plain
    }

    private func resolved(_ filter: Filter) -> Filter {
        guard !aliases.isEmpty else { return filter }
        return Filter(
            filter.conditions.map { condition in
                guard let path = aliases[condition.path.text] else { return condition }
                return Condition(FieldPath(path), condition.test)
            }
        )
    }
}

/// How the operand of a filter is read before it is compared.
private enum Reading {
    case plain
    /// Roles are kept in lower case and compared without it: FEDn's combiners wrote `CLIENT`, the reference `client`.
    case role
    /// A number is a Unix time, in seconds.
    case instant

    func text(_ value: String) -> String {
        switch self {
        case .plain: value
        case .role: value.lowercased()
        case .instant: unixTime(value)?.description ?? value
        }
    }

    /// Reads each part of a text whose commas separate alternatives.
    func alternatives(_ value: String) -> String {
        value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .map { text(String(decoding: $0, as: UTF8.self)) }
            .joined(separator: ",")
    }

    /// A number without blanks around it, which the parser would take.
    private func unixTime(_ text: String) -> Timestamp? {
        guard !text.contains(where: \.isWhitespace) else { return nil }
        return (try? JSON(parsing: text.utf8))?.number.flatMap(Timestamp.init(unixTime:))
    }

    func json(_ value: JSON) -> JSON {
        switch (self, value) {
        case (.plain, _): value
        case (_, .string(let value)): .string(alternatives(value))
        case (.instant, .number(let number)): .string(text(number.text))
        // Inside a list a comma is a comma.
        case (_, .array(let values)):
            .array(values.map { if case .string(let value) = $0 { .string(text(value)) } else { json($0) } })
        case (_, .null), (_, .bool), (_, .number), (_, .object): value
        }
    }
}

extension Timestamp {
    /// The instant so many seconds after 1970, rounded to microseconds; nil outside of the years 1 to 9999.
    init?(unixTime number: JSONNumber) {
        guard let seconds = number.double, (-62_135_596_800..<253_402_300_800).contains(seconds) else { return nil }
        self.init(microseconds: Int64((seconds * 1_000_000).rounded()))
    }
}
