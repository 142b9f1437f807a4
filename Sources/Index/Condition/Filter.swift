/// The conditions that a document must match, all of them; without conditions, every document matches.
package struct Filter: Sendable, Hashable {
    package var conditions: [Condition]

    package init(_ conditions: [Condition] = []) {
        self.conditions = conditions
    }

    /// The size of its paths and values in memory, roughly.
    package var byteCount: Int { conditions.reduce(0) { $0 + $1.byteCount } }
}
