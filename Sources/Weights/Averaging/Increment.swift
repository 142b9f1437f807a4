/// Adds one update to the mean, element by element.
enum Increment {
    /// Adds `weight * (x - m) / sum` to m; each operation is rounded to the element type.
    static func add<Element: BinaryFloatingPoint>(
        into means: UnsafeMutableBufferPointer<Element>,
        _ updates: UnsafeBufferPointer<Element>,
        weight: Element,
        sum: Element
    ) {
        for index in means.indices {
            let mean = means[index]
            means[index] = mean + weight * (updates[index] - mean) / sum
        }
    }

    /// Adds 16-bit floats: computed in 32 bits and rounded after each operation, which gives the same result.
    ///
    /// If a product or a weight exceeds the largest 16-bit float (65,504), numpy makes the mean infinite or silently
    /// ignores the update. Here only the step itself is then rounded.
    static func addHalves(
        into means: UnsafeMutableBufferPointer<UInt16>,
        _ updates: UnsafeBufferPointer<UInt16>,
        weight: Double,
        sum: Double
    ) {
        let narrowWeight = Float(Float16(weight))
        let narrowSum = Float(Float16(sum))
        let share = Float(weight / sum)
        let fits = narrowWeight > 0 && narrowWeight.isFinite && narrowSum.isFinite
        for index in means.indices {
            let mean = Half.widened(means[index])
            let difference = Half.rounded(Half.widened(updates[index]) - mean)
            let product = Half.rounded(narrowWeight * difference)
            let narrowStep = Half.rounded(product / narrowSum)
            let step = fits && product.magnitude < .infinity ? narrowStep : share * difference
            means[index] = Half.narrowed(Half.rounded(mean + step))
        }
    }

    /// Replaces m by `(1 - share) * m + share * x`.
    static func blend(
        into means: UnsafeMutableBufferPointer<Double>,
        _ updates: UnsafeBufferPointer<Double>,
        share: Double
    ) {
        let rest = 1 - share
        for index in means.indices {
            means[index] = rest * means[index] + share * updates[index]
        }
    }
}
