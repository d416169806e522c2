// Product of two integers plus an addend: one carry-save tree, one carry-propagate adder.
//
// Rows are not sign-extended (Baugh and Wooley, IEEE Transactions on Computers C-22, 1973): a bit of
// negative weight -2^k is written inverted at +2^k, which is 2^k too much; one constant takes off all
// of these together:
//
//   b signed:    a * b = rows + 2^(A-1) + 2^(B-1) - 2^(A+B-1)
//   b unsigned:  a * b = rows + 2^(A-1) - 2^(A+B-1)
//
// Parameters  A, B       bits of a_i, two's complement, and of b_i
//             B_SIGNED   1: b_i is two's complement; 0: it has no sign
//             WIDTH      bits of addend and sum, at least A + B
// Ports       sum_o = (a_i * b_i + addend_i) modulo 2^WIDTH
// Latency     combinational.

module int_multiply #(
    parameter int A = 8,
    parameter int B = 8,
    parameter int B_SIGNED = 1,
    parameter int WIDTH = A + B
) (
    input  logic [    A-1:0] a_i,
    input  logic [    B-1:0] b_i,
    input  logic [WIDTH-1:0] addend_i,
    output logic [WIDTH-1:0] sum_o
);

  localparam logic [WIDTH-1:0] One = {{(WIDTH - 1) {1'b0}}, 1'b1};
  localparam logic [WIDTH-1:0] Constant =
      (One << (A - 1)) + ((B_SIGNED != 0) ? One << (B - 1) : '0) - (One << (A + B - 1));
  localparam logic [A-1:0] Sign = {1'b1, {(A - 1) {1'b0}}};

  // A chain of sums that nothing else reads: synthesis makes one tree of it.
  logic [A-1:0] row;
  logic [WIDTH-1:0] rows[B];
  always_comb begin
    sum_o = addend_i;
    for (int i = 0; i < B; i++) begin
      row = (a_i & {A{b_i[i]}});
      row = (B_SIGNED != 0 && i == B - 1) ? ~row ^ Sign : row ^ Sign;
      rows[i] = {{(WIDTH - A) {1'b0}}, row} << i;
    end
    for (int i = 0; i < B; i++) sum_o = sum_o + rows[i];
    sum_o = sum_o + Constant;
  end

endmodule
