extension JSON {
    /// An integer.
    package init(_ value: some FixedWidthInteger & SignedInteger) {
        self = .number(JSONNumber(Int64(value)))
    }

    /// A number; `null` for infinities and NaN, which JSON does not have.
    package init(_ value: Double) {
        self = JSONNumber(value).map(JSON.number) ?? .null
    }

    /// A string; `null` for nil.
    package init(_ text: String?) {
        self = text.map(JSON.string) ?? .null
    }

    /// A timestamp as text; `null` for nil.
    package init(_ moment: Timestamp?) {
        self.init(moment?.description)
    }
}
