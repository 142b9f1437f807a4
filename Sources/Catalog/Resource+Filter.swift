package import JSON
package import Store

extension Resource {
    /// The filter that the parameters of a URL stand for.
    package func filter(query parameters: some Sequence<(name: String, value: String)>) -> Filter {
        resolved(Filter(query: parameters.map { ($0.name, isRole($0.name) ? $0.value.lowercased() : $0.value) }))
    }

    /// The filter that a form body stands for: a comma means any of.
    package func filter(form fields: some Sequence<(name: String, value: String)>) -> Filter {
        resolved(Filter(form: fields.map { ($0.name, isRole($0.name) ? $0.value.lowercased() : $0.value) }))
    }

    /// The filter that a JSON body stands for: a comma or an array means any of.
    package func filter(body: JSON) -> Filter {
        guard case .object(var object) = body else { return Filter() }
        for (name, value) in object where isRole(name) {
            object[name] = value.mapStrings { $0.lowercased() }
        }
        return resolved(Filter(body: .object(object)))
    }

    /// Roles are kept in lower case and compared without it: FEDn's combiners wrote `CLIENT`, the reference `client`.
    private func isRole(_ name: String) -> Bool {
        fields.contains { $0.kind == .nodeRef && name.hasPrefix("\($0.name).role") }
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

extension JSON {
    fileprivate func mapStrings(_ transform: (String) -> String) -> JSON {
        switch self {
        case .string(let text): .string(transform(text))
        case .array(let values): .array(values.map { $0.mapStrings(transform) })
        case .null, .bool, .number, .object: self
        }
    }
}
