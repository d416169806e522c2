// One cell of systolic_array: posit_mac turned inside out. The weight stands still, decoded once;
// the activation comes decoded from the left and goes on to the right; the sum comes from above and
// goes on below with the cell's product in it.
//
// Parameters  as systolic_array
// Ports       advance_i   registers move
//             load_i      the weight registers take the weight from above (a column is a shift
//                         register while it is loaded)
//             w_*, x_*, sum_*, nar: in from above, left, above; out below, right, below
// Latency     one cycle.

module systolic_cell #(
    parameter int N = 8,
    parameter int ES = 1,
    parameter int WIDTH = 64,
    parameter int SIG = 6,
    parameter int EXP = 5
) (
    input  logic             clk_i,
    input  logic             advance_i,
    input  logic             load_i,
    input  logic [SIG-1:0]   w_sig_i,
    input  logic [EXP-1:0]   w_exp_i,
    input  logic             w_nar_i,
    output logic [SIG-1:0]   w_sig_o,
    output logic [EXP-1:0]   w_exp_o,
    output logic             w_nar_o,
    input  logic [SIG-1:0]   x_sig_i,
    input  logic [EXP-1:0]   x_exp_i,
    input  logic             x_nar_i,
    output logic [SIG-1:0]   x_sig_o,
    output logic [EXP-1:0]   x_exp_o,
    output logic             x_nar_o,
    input  logic [WIDTH-1:0] sum_i,
    input  logic             nar_i,
    output logic [WIDTH-1:0] sum_o,
    output logic             nar_o
);

  localparam int Product = 4 * (N - 2) * (1 << ES) + 2;

  logic [SIG-1:0] w_sig_q, x_sig_q;
  logic [EXP-1:0] w_exp_q, x_exp_q;
  logic w_nar_q, x_nar_q, nar_q;
  logic [WIDTH-1:0] sum_q;
  logic [Product-1:0] product;

  posit_product #(.N(N), .ES(ES)) u_product (
      .a_sig_i(w_sig_q), .a_exp_i(w_exp_q), .b_sig_i(x_sig_i), .b_exp_i(x_exp_i),
      .product_o(product));

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      w_sig_q <= w_sig_i;
      w_exp_q <= w_exp_i;
      w_nar_q <= w_nar_i;
    end
    if (advance_i) begin
      x_sig_q <= x_sig_i;
      x_exp_q <= x_exp_i;
      x_nar_q <= x_nar_i;
      sum_q <= sum_i + {{(WIDTH - Product) {product[Product-1]}}, product};
      nar_q <= nar_i | w_nar_q | x_nar_i | (sum_i[WIDTH-1] ^ sum_i[WIDTH-2]);
    end
  end

  assign {w_sig_o, w_exp_o, w_nar_o} = {w_sig_q, w_exp_q, w_nar_q};
  assign {x_sig_o, x_exp_o, x_nar_o} = {x_sig_q, x_exp_q, x_nar_q};
  assign sum_o = sum_q;
  assign nar_o = nar_q | (sum_q[WIDTH-1] ^ sum_q[WIDTH-2]);

endmodule
