// Product of two significands of posit_decode, exact.
//
// A significand is h + f with h = 1 or -2 (or 0 and f = 0 for zero), so two of the partial products
// are choices instead of sums:
//
//   a * b = fa*fb + hb*fa + ha*b          hb*fa = s ? ~(2*fa) + 1 : fa
//
// Signs are not extended: a row with sign bit t at place k is written with ~t there and the constant
// -2^k, and the constants of both rows are added once.
//
// Parameters  FRAC   fraction bits of both operands
// Ports       a_i, b_i    {sign, hidden, fraction}, two's complement
//             product_o   two's complement, 2*FRAC fraction bits
// Latency     combinational.

module posit_multiply #(
    parameter int FRAC = 4
) (
    input  logic [  FRAC+1:0] a_i,
    input  logic [  FRAC+1:0] b_i,
    output logic [2*FRAC+3:0] product_o
);

  localparam int Width = 2 * FRAC + 4;

  generate
    if (FRAC < 3) begin : g_small  // as many rows either way
      int_multiply #(.A(FRAC + 2), .B(FRAC + 2)) u_rows (
          .a_i, .b_i, .addend_i('0), .sum_o(product_o));
    end else begin : g_rows
      logic a_sign, a_one, b_sign, b_one;
      logic [FRAC-1:0] a_frac, b_frac;
      assign {a_sign, a_one, a_frac} = a_i;
      assign {b_sign, b_one, b_frac} = b_i;

      // hb * fa: bits FRAC..0 and a sign that is b_sign; ha * b: bits FRAC+2..0, the top its sign.
      logic [FRAC:0] x;
      logic [FRAC+2:0] y;
      assign x = ({(FRAC + 1) {b_sign}} & ~{a_frac, 1'b0}) | ({(FRAC + 1) {b_one}} & {1'b0, a_frac});
      assign y = ({(FRAC + 3) {a_sign}} & ~{b_i, 1'b0}) |
                 ({(FRAC + 3) {a_one}} & {b_i[FRAC+1], b_i});

      // -2^(2*FRAC+1) - 2^(2*FRAC+2) modulo 2^Width
      localparam logic [Width-1:0] Constant = {4'b1010, {(2 * FRAC) {1'b0}}};
      // Rows of fa*fb; the first has room for one of the +1 of negated rows. All is one chain of sums
      // that nothing else reads, of which synthesis makes one tree; with a `*` in it that is slower.
      logic [Width-1:0] rows[FRAC];
      always_comb begin
        product_o = Constant;
        for (int i = 0; i < FRAC; i++) begin
          rows[i] = {{(Width - FRAC) {1'b0}}, a_frac & {FRAC{b_frac[i]}}} << i;
        end
        rows[0][FRAC] = b_sign;
        for (int i = 0; i < FRAC; i++) product_o = product_o + rows[i];
        product_o = product_o
            + {2'b0, ~b_sign, x, {FRAC{1'b0}}}
            + {1'b0, ~y[FRAC+2], y[FRAC+1:0], {FRAC{1'b0}}}
            + {{(FRAC + 3) {1'b0}}, a_sign, {FRAC{1'b0}}};
      end
    end
  endgenerate

endmodule
